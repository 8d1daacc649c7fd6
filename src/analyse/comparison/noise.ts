import { byBlock, pairUp } from '../../compare/pairs.ts'
import { noiseBand } from '../../compare/standing.ts'
import { blockCount, MOST_BLOCKS } from '../../model/plan.ts'
import { TAIL } from '../../model/quantiles.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { formatChange, formatDuration, formatNumber, type Seconds } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import { errorRates } from '../../plan/detectable.ts'
import { type Components, components } from '../../stats/intervals.ts'
import { mean, sampleVariance } from '../../stats/moments.ts'
import { blocksToFind, power } from '../../stats/power.ts'
import { tailOf } from '../tail.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

/** Noise below this ratio is accepted: it hides no relevant difference. */
const TOLERATED = 1.05

export const noNoiseFloor: ComparisonRule = {
  name: 'no-noise-floor',
  title: 'The run has an A/A pair',
  problem: 'No A/A pair',
  judge({ record }) {
    const { scenario } = record.run.plan
    const baseline = baselineOf(scenario)
    const others = scenario.arms.slice(1)
    if (others.length === 0 || others.some((arm) => isSameArm(arm, baseline))) return []
    return [
      {
        severity: 'warning',
        cause: `The run has no A/A pair: no second arm is equal to ${baseline.name}.`,
        effect: 'The difference of two equal arms in this run is unknown; small differences may be chance.',
        remedy: `Add an arm with the settings of ${baseline.name} and another name.`,
      },
    ]
  },
}

export const noiseHidesAll: ComparisonRule = {
  name: 'noise-hides-all',
  title: 'Differences between arms are larger than those between equal arms',
  problem: 'Equal arms differ as much as the meshes',
  judge(comparison) {
    // Readers decide by these metrics.
    const hidden = comparison.record.run.plan.scenario.loads.flatMap(({ name }) =>
      ['p50', tailOf(comparison.cells, name), 'mesh-cpu'].flatMap((metric) => hiddenBy(comparison, name, metric)),
    )
    if (hidden.length === 0) return []
    const words = hidden.map(({ metric, load, band }) => `${metric} under ${load} by up to ${formatChange(band)}`)
    return [
      {
        severity: 'warning',
        cause: `Equal arms differ as much as the other arms differ from the baseline: ${list(words)}.`,
        effect: 'Here the run shows neither that an arm differs from the baseline nor that it does not.',
        remedy: `Estimated from the scatter of the equal arms: ${hidden.map((one) => remedyFor(comparison, one)).join('; ')}.`,
      },
    ]
  },
}

/** A load and metric whose noise is as large as the largest difference. */
interface Hidden {
  readonly load: string
  readonly metric: string
  /** Noise band of the A/A pairs, as a ratio ≥ 1. */
  readonly band: number
  readonly equal: ReadonlySet<string>
}

function hiddenBy({ record, noise, cells }: Comparison, load: string, metric: string): Hidden[] {
  const here = (one: { load: string; metric: string }) => one.load === load && one.metric === metric
  const floors = noise.filter(here)
  const band = noiseBand(floors)
  if (band <= TOLERATED) return []
  const equal = new Set([baselineOf(record.run.plan.scenario).name, ...floors.map(({ arm }) => arm)])
  const ratios = cells.filter((cell) => here(cell) && !equal.has(cell.arm)).flatMap(({ ratio }) => ratio?.center ?? [])
  const out = ratios.some((ratio) => ratio > band || ratio < 1 / band)
  return ratios.length === 0 || out ? [] : [{ load, metric, band, equal }]
}

/** What would detect the largest difference from the baseline: more cohorts, longer windows or more blocks, whichever takes least time. */
function remedyFor(comparison: Comparison, hidden: Hidden): string {
  const { scenario, cohorts } = comparison.record.run.plan
  const { load, metric } = hidden
  const where = `${metric} under ${load}`
  const farthest = farthestArm(comparison, hidden)
  const scatter = equalScatter(comparison, hidden)
  if (!farthest || scatter.within === undefined) return `${where}: measure at least 3 blocks`
  const told = `the ${formatChange(farthest.center)} of ${farthest.arm} in ${where}`
  const effect = Math.expm1(Math.abs(Math.log(farthest.center)))
  const blocks = blockCount(comparison.record.run.plan)
  const each = blocks / cohorts.length
  const { within, between } = scatter
  const byCohorts = between !== undefined && between ** 2 > within ** 2 / each
  const deviation = byCohorts ? Math.sqrt(between ** 2 + within ** 2 / each) : within
  const most = Math.max(2, byCohorts ? MOST_BLOCKS / each : MOST_BLOCKS)
  if (power(effect, deviation, most, errorRates.alpha) < 1 - errorRates.beta) {
    return `even ${count(MOST_BLOCKS, 'block')} would not detect ${told}; use a quieter or larger machine`
  }
  const needed = blocksToFind(effect, deviation, errorRates)
  const perBlock = elapsed(comparison) / blocks
  if (byCohorts) return `${count(needed, 'cohort')}${timeText(needed * each * perBlock)} would detect ${told}`
  const duration = scenario.loads.find(({ name }) => name === load)?.duration ?? 0
  const longer = Math.ceil((duration * needed) / blocks)
  const byWindows = blocks * (perBlock + (longer - duration) * scenario.arms.length)
  const isOfWindow = needed > blocks && metric === TAIL && windowShare(comparison, load, within) >= 0.5
  return isOfWindow && byWindows < needed * perBlock
    ? `windows of ${formatDuration(longer)} in the same number of blocks${timeText(byWindows)} would detect ${told}`
    : `${count(needed, 'block')} in all${timeText(needed * perBlock)} would detect ${told}`
}

function farthestArm({ cells }: Comparison, { load, metric, equal }: Hidden) {
  return cells
    .filter((cell) => cell.load === load && cell.metric === metric && !equal.has(cell.arm))
    .flatMap(({ arm, ratio }) => (ratio ? [{ arm, center: ratio.center }] : []))
    .toSorted((a, b) => Math.abs(Math.log(b.center)) - Math.abs(Math.log(a.center)))[0]
}

/** How log-ratios of the equal arms scatter between blocks, and between cohorts where there are several. */
function equalScatter({ record, cells }: Comparison, { load, metric, equal }: Hidden): Components {
  const baseline = baselineOf(record.run.plan.scenario).name
  const here = cells.filter((cell) => cell.load === load && cell.metric === metric && equal.has(cell.arm))
  const base = byBlock(here.find(({ arm }) => arm === baseline)?.values ?? [])
  const pairs = here.filter(({ arm }) => arm !== baseline)
  const cohorts = pairs.flatMap(({ values }) => pairUp(base, values)?.logs ?? [])
  const { within, between } = components(cohorts)
  return {
    ...(within !== undefined && { within }),
    // Several pairs within one cohort show nothing between cohorts.
    ...(cohorts.length > pairs.length && between !== undefined && { between }),
  }
}

function timeText(seconds: Seconds): string {
  return seconds > 0 ? ` (about ${formatNumber(seconds / 60, 2)} min)` : ''
}

/** Time from the start of the first trial to the end of the last. */
function elapsed({ record: { results } }: Comparison): Seconds {
  const times = (of: 'startedAt' | 'endedAt') => results.map((result) => Date.parse(result[of])).filter(Number.isFinite)
  const seconds = (Math.max(...times('endedAt')) - Math.min(...times('startedAt'))) / 1000
  return results.length === 0 ? 0 : Math.max(0, seconds)
}

/**
 * Share of the variance between blocks that comes from the length of the window, for a ratio of two medians over the
 * slices of a window. The standard error of a median is 1.25 times that of a mean.
 */
function windowShare({ record, valid }: Comparison, load: string, within: number): number {
  const errors = valid.flatMap(({ trial }) => {
    if (trial.load !== load) return []
    const { outcome } = record.details(trial.id)
    const slices = outcome.status === 'measured' ? outcome.reading.slices : undefined
    const logs = (slices?.p99 ?? []).filter((p99) => p99 > 0).map(Math.log)
    return logs.length > 1 ? [(Math.PI / 2) * (sampleVariance(logs) / logs.length)] : []
  })
  return errors.length === 0 ? 0 : (2 * mean(errors)) / within ** 2
}
