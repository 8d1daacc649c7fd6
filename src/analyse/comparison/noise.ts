import { blockCount } from '../../model/plan.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { formatChange, formatDuration, formatNumber, type Seconds } from '../../model/units.ts'
import { errorRates } from '../../plan/detectable.ts'
import { sampleVariance } from '../../stats/moments.ts'
import { components } from '../../stats/nested.ts'
import { blocksToFind, power } from '../../stats/power.ts'
import { noiseBand } from '../noise-floor.ts'
import { TAIL } from '../samples.ts'
import { tailOf } from '../tail.ts'
import { byBlock, pairUp } from '../within-blocks.ts'
import { count, list } from '../wording.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

/** Noise below this, as a ratio, hides nothing that matters. */
const TOLERATED = 1.05

/** More blocks than this are no remedy. */
const MOST_BLOCKS = 200

export const noNoiseFloor: ComparisonRule = {
  name: 'no-noise-floor',
  title: 'The run has an A/A pair',
  judge({ record }) {
    const { scenario } = record.run.plan
    const baseline = baselineOf(scenario)
    const others = scenario.arms.slice(1)
    if (others.length === 0 || others.some((arm) => isSameArm(arm, baseline))) return []
    return [
      {
        severity: 'warning',
        cause: `No arm repeats ${baseline.name}.`,
        effect: 'What two equal arms differ by in this run is not known; small differences may be chance.',
        remedy: `Add an arm with another name that is otherwise the same as ${baseline.name}.`,
      },
    ]
  },
}

export const noiseHidesAll: ComparisonRule = {
  name: 'noise-hides-all',
  title: 'Differences between arms are larger than those between equal arms',
  judge(comparison) {
    // By these people decide.
    const hidden = comparison.record.run.plan.scenario.loads.flatMap(({ name }) =>
      ['p50', tailOf(comparison.cells, name), 'mesh-cpu'].flatMap((metric) => hiddenBy(comparison, name, metric)),
    )
    if (hidden.length === 0) return []
    const words = hidden.map(({ metric, load, band }) => `${metric} under ${load} by up to ${formatChange(band)}`)
    return [
      {
        severity: 'warning',
        cause: `Equal arms differ by as much as any arm does from the baseline: ${list(words)}.`,
        effect: 'There, no arm can be told from the baseline, nor be said to be as good.',
        remedy: `By the scatter of the equal arms: ${hidden.map((one) => remedyFor(comparison, one)).join('; ')}.`,
      },
    ]
  },
}

/** A load and metric whose noise is as large as every difference. */
interface Hidden {
  readonly load: string
  readonly metric: string
  /** Of the A/A pairs, as a ratio ≥ 1. */
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

/** What would tell the arm that is farthest from the baseline: more cohorts, longer windows or more blocks, whichever takes least time. */
function remedyFor(comparison: Comparison, { load, metric, equal }: Hidden): string {
  const { record, cells } = comparison
  const { scenario } = record.run.plan
  const here = cells.filter((cell) => cell.load === load && cell.metric === metric)
  const [farthest] = here
    .filter(({ arm }) => !equal.has(arm))
    .flatMap(({ arm, ratio }) => (ratio ? [{ arm, center: ratio.center }] : []))
    .sort((a, b) => Math.abs(Math.log(b.center)) - Math.abs(Math.log(a.center)))
  const base = byBlock(here.find(({ arm }) => arm === baselineOf(scenario).name)?.values ?? [])
  const pairs = here.filter(({ arm }) => equal.has(arm) && arm !== baselineOf(scenario).name)
  const cohorts = pairs.flatMap(({ values }) => pairUp(base, values)?.logs ?? [])
  const { within, between = 0 } = components(cohorts)
  const where = `${metric} under ${load}`
  if (!farthest || within === undefined) return `${where}: measure at least 3 blocks`
  const effect = Math.expm1(Math.abs(Math.log(farthest.center)))
  const told = `the ${formatChange(farthest.center)} of ${farthest.arm} in ${where}`
  const blocks = blockCount(record.run.plan)
  const each = blocks / record.run.plan.cohorts.length
  const perBlock = elapsed(comparison) / blocks
  const isOfClusters = cohorts.length > pairs.length && between ** 2 > within ** 2 / each
  const deviation = isOfClusters ? Math.sqrt(between ** 2 + within ** 2 / each) : within
  const most = Math.max(2, isOfClusters ? MOST_BLOCKS / each : MOST_BLOCKS)
  if (power(effect, deviation, most, errorRates.alpha) < 1 - errorRates.beta) {
    return `not even ${count(MOST_BLOCKS, 'block')} would tell ${told}; use a quieter or larger machine`
  }
  const needed = blocksToFind(effect, deviation, errorRates)
  const time = (seconds: Seconds) => (seconds > 0 ? ` (about ${formatNumber(seconds / 60, 2)} min)` : '')
  if (isOfClusters) return `${count(needed, 'cohort')}${time(needed * each * perBlock)} would tell ${told}`
  const duration = scenario.loads.find(({ name }) => name === load)?.duration ?? 0
  const longer = Math.ceil((duration * needed) / blocks)
  const longerBlock = perBlock + (longer - duration) * scenario.arms.length
  const more = `${count(needed, 'block')} in all${time(needed * perBlock)} would tell ${told}`
  if (needed <= blocks || windowShare(comparison, load, within) < 0.5 || metric !== TAIL) return more
  if (blocks * longerBlock >= needed * perBlock) return more
  return `windows of ${formatDuration(longer)} in as many blocks${time(blocks * longerBlock)} would tell ${told}`
}

/** From the first trial to the end of the last. */
function elapsed({ record: { results } }: Comparison): Seconds {
  const times = (of: 'startedAt' | 'endedAt') => results.map((result) => Date.parse(result[of])).filter(Number.isFinite)
  return results.length === 0
    ? 0
    : Math.max(0, (Math.max(...times('endedAt')) - Math.min(...times('startedAt'))) / 1000)
}

/**
 * The share of the variance from block to block that comes of the length of the window: of a ratio of two medians over so
 * many slices. A median's standard error is 1.25 times that of a mean.
 */
function windowShare({ valid }: Comparison, load: string, within: number): number {
  const errors = valid.flatMap(({ trial, reading: { slices } }) => {
    const logs = (slices?.p99 ?? []).filter((p99) => p99 > 0).map(Math.log)
    return trial.load === load && logs.length > 1 ? [(Math.PI / 2) * (sampleVariance(logs) / logs.length)] : []
  })
  if (errors.length === 0) return 0
  return (2 * errors.reduce((sum, error) => sum + error, 0)) / errors.length / within ** 2
}
