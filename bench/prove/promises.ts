import { clopperPearson } from '../../src/stats/clopper-pearson.ts'
import type { Proof } from './page.ts'

/** Chance of a false alarm in any of 36 cells of a night. */
export const FALSE_ALARMS = 0.01
/** Of 95 % intervals, also of arms that scatter twice as much as the baseline. */
export const COVERAGE = { lo: 0.93, hi: 0.97, restless: 2 }
/** For +10 % p99 at s_D 6 %. */
export const POWER = { increase: 0.1, deviation: 0.06, share: 0.95 }

/** Promises that the counts contradict; with few nights they can only contradict what is far off. */
export function brokenPromises({ family, power, coverage }: Proof): string[] {
  const many = family.every(({ nights }) => nights >= 1000)
  const alarms = family.flatMap(({ title, alarms, nights, upper }) => {
    const bound = many ? upper : clopperPearson(alarms, nights, 0.98).lo
    return bound > FALSE_ALARMS ? [`${alarms} of ${nights} nights had a false alarm: ${title}`] : []
  })
  const covers = coverage
    .filter(({ restless }) => restless <= COVERAGE.restless)
    .flatMap(({ covered, runs, cohorts, blocks, shape }) => {
      // One in some hundred settings may stray by chance.
      const { lo, hi } = clopperPearson(Math.round(covered * runs), runs, 0.999)
      const strays = hi < COVERAGE.lo || lo > COVERAGE.hi
      return strays
        ? [`intervals of ${cohorts} × ${blocks} blocks cover ${(100 * covered).toFixed(1)} % (${shape})`]
        : []
    })
  const found = power
    .filter(({ increase, deviation }) => increase === POWER.increase && deviation === POWER.deviation)
    .flatMap(({ verdicts, nights }) =>
      clopperPearson(verdicts.regression, nights, 0.98).hi < POWER.share
        ? [`+10 % was found in ${verdicts.regression} of ${nights} nights`]
        : [],
    )
  return [...alarms, ...covers, ...found]
}
