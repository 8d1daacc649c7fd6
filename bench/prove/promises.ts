import { LEVEL } from '../../src/model/confidence.ts'
import { clopperPearson, upperBound } from './clopper-pearson.ts'
import type { Nulls, Power } from './nights.ts'
import type { Proof } from './page.ts'

/** Chance of a false alarm in any of the cells of a night; and of a false improvement. */
export const FALSE_ALARMS = 0.01
/** Of intervals, whose level may be missed by two points. */
export const COVERAGE = { lo: LEVEL - 0.02, hi: Math.min(1, LEVEL + 0.02) }
/** For +10 % of the tail at s_D 6 %. */
export const POWER = { increase: 0.1, deviation: 0.06, share: 0.95 }
/** Chance that a cell passes which is worse by the margin or more. */
const FALSE_PASSES = { increase: 0.1, share: 0.01 }

/** Promises that the counts contradict; with few nights they can only contradict what is far off. */
export function brokenPromises(proof: Proof): string[] {
  const { family, nightly, resampled, stalled, pinned, power, nightlyPower, resampledPower, coverage } = proof
  return [
    ...[...family, ...nightly, ...resampled, ...stalled].flatMap(falseClaims),
    ...pinned.flatMap(({ alarms, nights, upper, between }) =>
      boundOf(alarms, nights, upper) > FALSE_ALARMS
        ? [`${alarms} of ${nights} pairs of nights against a pinned reference had a false alarm (${between})`]
        : [],
    ),
    ...power.flatMap(missed),
    ...[...power, ...nightlyPower, ...resampledPower].flatMap(passed),
    ...coverage.flatMap(({ covered, runs, cohorts, blocks, shape, equals, restless }) => {
      // One in some hundred settings may stray by chance.
      const { lo, hi } = clopperPearson(Math.round(covered * runs), runs, 0.999)
      if (hi >= COVERAGE.lo && lo <= COVERAGE.hi) return []
      const arm = `${shape}, ${equals}, ${restless.cohorts} and ${restless.blocks} times as restless`
      return [`intervals of ${cohorts} × ${blocks} blocks cover ${(100 * covered).toFixed(1)} % (${arm})`]
    }),
  ]
}

function falseClaims({ title, deviation, alarms, improvements, nights, upper }: Nulls): string[] {
  const where = `${title} (${deviation ?? 'as measured'})`
  return [
    ...(boundOf(alarms, nights, upper) > FALSE_ALARMS ? [`${alarms} of ${nights} nights: false alarm, ${where}`] : []),
    ...(boundOf(improvements, nights) > FALSE_ALARMS
      ? [`${improvements} of ${nights} nights: false improvement, ${where}`]
      : []),
  ]
}

/** With many nights, what the rate is at most; with few, what it is at least. */
function boundOf(count: number, nights: number, upper = upperBound(count, nights)): number {
  return nights >= 1000 ? upper : clopperPearson(count, nights, 0.98).lo
}

function missed({ increase, deviation, verdicts, nights }: Power): string[] {
  if (increase !== POWER.increase || deviation !== POWER.deviation || verdicts.regression >= POWER.share * nights)
    return []
  return [`+10 % was found in ${verdicts.regression} of ${nights} nights`]
}

function passed({ increase, deviation, verdicts, nights }: Power): string[] {
  if (increase < FALSE_PASSES.increase) return []
  return clopperPearson(verdicts.pass, nights, 0.98).lo > FALSE_PASSES.share
    ? [`${verdicts.pass} of ${nights} nights passed +${100 * increase} % at ${deviation}`]
    : []
}
