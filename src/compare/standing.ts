import type { Cell, Estimate, JudgedTrial, NoiseFloor, RunRecord, Standing } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import { BLOCKS_TO_DECIDE } from '../model/plan.ts'
import { MIN_EFFECT } from '../model/scenario.ts'
import { provisionsClusters } from '../model/traits.ts'
import { formatChange, formatChanges, formatShare } from '../model/units.ts'
import { count } from '../model/words.ts'
import type { Against } from './against-baseline.ts'
import { neededToDecide } from './effect.ts'
import type { EstimateWithBasis } from './estimate.ts'

/** An interval that reaches further from 1 than this ratio cannot show that there is no difference. */
const TELLING = 1.1

/** Where equal arms differ by more than this ratio, an interval as wide hides differences that matter, so it decides nothing. */
const BLIND = 1.25

/** A noise band below this ratio would be shown as +0.0 %. */
const SHOWN = 1.0005

export interface StandingWithNotes {
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** How many common blocks a comparison has where these are too few for a decision; undefined where they suffice, or there are none. */
export function fewCommonBlocks({ ratio, difference }: Pick<Cell, 'ratio' | 'difference'>): number | undefined {
  const { n = 0 } = ratio ?? difference ?? {}
  return n > 0 && n < BLOCKS_TO_DECIDE ? n : undefined
}

/** The thresholds that a difference must exceed. */
export interface Least {
  /** The noise band of the A/A pairs, a ratio ≥ 1; absent without a pair. */
  readonly band: number | undefined
  /** The scenario's least effect, as a share; `MIN_EFFECT` when absent. */
  readonly minEffect?: number | undefined
}

interface Subject extends Least {
  readonly values: Cell['values']
  readonly isBaseline: boolean
  readonly against?: Against
}

/** The standing of a cell, and how many blocks would decide it if it is undecided. */
export function judgeStanding(subject: Subject): Pick<Cell, 'standing' | 'notes' | 'needed'> {
  const { values, isBaseline, against } = subject
  if (values.length === 0) return { standing: 'no-data', notes: [] }
  if (isBaseline) return { standing: 'baseline', notes: [] }
  const leading = against?.ratio ?? against?.difference
  if (!leading) {
    return { standing: 'undecided', notes: ['No block has a valid trial of both this arm and the baseline.'] }
  }
  const { standing, notes } = against?.ratio
    ? standingOfRatio(leading.estimate, subject)
    : standingOfDifference(leading.estimate)
  const needed = standing === 'undecided' ? neededIn(subject) : undefined
  return { standing, notes: [...notes, ...robustNote(against)], ...(needed && { needed }) }
}

/**
 * The standing of a ratio to the baseline. It is higher or lower only where the interval excludes 1 and the estimate
 * exceeds both the least effect and the noise of equal arms.
 */
export function standingOfRatio(ratio: Estimate, least: Least): StandingWithNotes {
  const few = tooFew(ratio)
  if (few) return few
  const { band, minEffect = MIN_EFFECT } = least
  const { center, lo = 0, hi = Number.POSITIVE_INFINITY } = ratio
  const noise = leastRatio(least)
  const notes = band === undefined ? ['This run has no A/A pair, so the difference of two equal arms is unknown.'] : []
  if (lo <= 1 && hi >= 1) {
    const telling = tellingRatio(noise)
    if (hi <= telling && lo >= 1 / telling) {
      return { standing: telling > TELLING ? 'within-noise' : 'no-difference', notes: [...notes, ...bandNote(band)] }
    }
    return { standing: 'undecided', notes: [...notes, 'The interval is too wide to decide.', ...bandNote(band)] }
  }
  const distance = Math.max(center, 1 / center)
  if (distance <= 1 + minEffect) return { standing: 'no-difference', notes: [...notes, smallNote(minEffect)] }
  if (distance <= noise) return { standing: 'within-noise', notes: [...notes, ...bandNote(band)] }
  return { standing: center > 1 ? 'higher' : 'lower', notes }
}

/** The smallest ratio above 1 that is called a difference. */
function leastRatio({ band = 1, minEffect = MIN_EFFECT }: Least): number {
  return Math.max(band, 1 + minEffect)
}

/** An interval within this ratio shows that there is no relevant difference. */
function tellingRatio(noise: number): number {
  return Math.min(Math.max(noise, TELLING), BLIND)
}

/** The standing by a difference, for metrics where the baseline is 0, such as CPU of the mesh: there is no ratio. */
export function standingOfDifference(difference: Estimate): StandingWithNotes {
  const few = tooFew(difference)
  if (few) return few
  const { center, lo = center, hi = center } = difference
  if (lo === 0 && hi === 0) return { standing: 'no-difference', notes: [] }
  if (lo <= 0 && hi >= 0) return { standing: 'undecided', notes: ['The interval is too wide to decide.'] }
  return { standing: center > 0 ? 'higher' : 'lower', notes: [] }
}

function tooFew({ n }: Estimate): StandingWithNotes | undefined {
  if (n >= BLOCKS_TO_DECIDE) return undefined
  return { standing: 'undecided', notes: [`${count(n, 'block')}: at least ${BLOCKS_TO_DECIDE} are needed to decide.`] }
}

/** Blocks that would decide a cell, at least as many as a decision needs; undefined where the scatter is unknown. */
function neededIn({ against, ...least }: Subject): Cell['needed'] {
  const noise = leastRatio(least)
  const found = against?.ratio
    ? blocksToDecide(against.ratio.onLogs, { noise: Math.log(noise), telling: Math.log(tellingRatio(noise)) })
    : against?.difference && blocksToDecide(against.difference, { noise: 0, telling: 0 })
  return found && { ...found, blocks: Math.max(BLOCKS_TO_DECIDE, found.blocks) }
}

function robustNote(against: Against | undefined): string[] {
  const { robust } = against ?? {}
  const interval = robust && formatChanges(robust)
  if (!robust || interval === undefined) return []
  const figures = `${formatChange(robust.center)}, ${LEVEL_TEXT} interval ${interval}`
  return [`Single blocks dominate the mean: the robust Hodges–Lehmann estimate is ${figures}.`]
}

function bandNote(band: number | undefined): string[] {
  return band === undefined || band < SHOWN ? [] : [`Two equal arms differ by up to ${formatChange(band)} in this run.`]
}

/** Why a significant difference is not called one. */
function smallNote(minEffect: number): string {
  return `The difference is below ${formatShare(minEffect)}, the least relevant effect of the scenario.`
}

/** Thresholds on the scale of the mean: the interval must be outside `noise` for a difference, or within `telling` for none. */
interface Borders {
  readonly noise: number
  readonly telling: number
}

/** How many blocks in all, or cohorts of the present size, would decide a cell; absent where the scatter is unknown. */
export function blocksToDecide(
  { estimate, basis, error }: EstimateWithBasis,
  { noise, telling }: Borders,
): Cell['needed'] {
  if (error === undefined) return undefined
  const { unit, widened = 0, error: ofValues = 0, pooled = 0 } = basis
  const [cohorts, blocks] = [basis.cohorts, estimate.n]
  // Every cohort also has the A/A pairs.
  const each = 1 + pooled / (unit === 'cohorts' ? cohorts : blocks)
  const center = Math.abs(estimate.center)
  return neededToDecide({ unit, blocks, cohorts, error, freedomAt: (n) => Math.round(n * each - 1) }, (halfAt) => {
    const half = halfAt() + widened + ofValues
    return center + half <= telling || (center > noise && half < center)
  })
}

/** Whether cohorts are clusters. Simulated ones are if the scenario sets noise between cohorts. */
export function provisions({ run }: Pick<RunRecord, 'run'>): boolean {
  return provisionsClusters(run.provenance.platform, run.plan.scenario)
}

/**
 * The noise band of a load and metric, as a ratio ≥ 1: the farthest end of the intervals of its A/A pairs. Which of two
 * equal arms is the baseline is arbitrary, so the band is symmetric. 1 without a pair.
 */
export function noiseBand(floors: readonly Pick<NoiseFloor, 'ratio'>[]): number {
  const strays = floors.flatMap(({ ratio: { center, lo = center, hi = center } }) =>
    [lo, hi].map(Math.log).map(Math.abs),
  )
  return Math.exp(Math.max(0, ...strays))
}

/** Name of the evidence that says on which cluster a trial was measured, and when that was made. */
const CLUSTER_EVIDENCE = 'cluster'

/**
 * The provisioning of a trial: its cluster's name and creation time. Undefined where there are no clusters, and in old
 * results, which do not record it.
 */
function provisioningOf({ result }: Pick<JudgedTrial, 'result'>): string | undefined {
  const { outcome } = result
  if (outcome.status !== 'measured') return undefined
  const seen = outcome.reading.observation.evidence.find(({ name }) => name === CLUSTER_EVIDENCE)?.seen
  return seen?.includes(', made ') ? seen.split(', kept from ')[0] : undefined
}

/** The provisionings of the given trials. */
export function provisioningsOf(trials: readonly Pick<JudgedTrial, 'result'>[]): ReadonlySet<string> {
  return new Set(trials.flatMap((trial) => provisioningOf(trial) ?? []))
}
