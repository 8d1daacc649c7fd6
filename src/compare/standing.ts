import type { Cell, Estimate, JudgedTrial, NoiseFloor, RunRecord, Standing } from '../model/analysis.ts'
import { MOST_BLOCKS } from '../model/plan.ts'
import { MIN_EFFECT } from '../model/scenario.ts'
import { provisionsClusters } from '../model/traits.ts'
import { formatChange, formatChanges, formatShare } from '../model/units.ts'
import { count } from '../model/words.ts'
import { halfWidth } from '../stats/intervals.ts'
import { rootWhole } from '../stats/root.ts'
import type { Against } from './against-baseline.ts'
import type { Weighed } from './estimate.ts'

/** Below this many blocks nothing is decided, whatever the interval says. */
export const BLOCKS_TO_DECIDE = 3

/** An interval that reaches further than this from 1 cannot say that there is no difference. */
const TELLING = 1.1

/** A band narrower than this, as a ratio, reads as +0.0 %. */
const SHOWN = 1.0005

export interface StandingWithNotes {
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** What a difference must exceed to be called one. */
export interface Least {
  /** How far the A/A pairs stray, a ratio ≥ 1; absent without a pair. */
  readonly band: number | undefined
  /** The scenario's least effect, as a share; `MIN_EFFECT` when absent. */
  readonly minEffect?: number | undefined
}

interface Subject extends Least {
  readonly values: Cell['values']
  readonly isBaseline: boolean
  readonly against?: Against
}

/** What may be said of a cell, and what would decide it where nothing may. */
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
 * What a ratio to the baseline allows to say. Higher or lower only where the interval excludes 1 and the estimate lies
 * beyond the least effect and beyond what two equal arms show.
 */
export function standingOfRatio(ratio: Estimate, least: Least): StandingWithNotes {
  const few = tooFew(ratio)
  if (few) return few
  const { band, minEffect = MIN_EFFECT } = least
  const { center, lo = 0, hi = Number.POSITIVE_INFINITY } = ratio
  const noise = leastRatio(least)
  const notes = band === undefined ? ['This run has no A/A pair: what two equal arms differ by is not known.'] : []
  if (lo <= 1 && hi >= 1) {
    const telling = tellingRatio(noise)
    if (hi <= telling && lo >= 1 / telling) {
      return { standing: telling > TELLING ? 'within-noise' : 'no-difference', notes: [...notes, ...bandNote(band)] }
    }
    return { standing: 'undecided', notes: [...notes, 'The interval is too wide to tell a difference from none.'] }
  }
  const distance = Math.max(center, 1 / center)
  if (distance <= 1 + minEffect) return { standing: 'no-difference', notes: [...notes, smallNote(minEffect)] }
  if (distance <= noise) return { standing: 'within-noise', notes: [...notes, ...bandNote(band)] }
  return { standing: center > 1 ? 'higher' : 'lower', notes }
}

/** The least ratio above 1 that is called a difference. */
function leastRatio({ band = 1, minEffect = MIN_EFFECT }: Least): number {
  return Math.max(band, 1 + minEffect)
}

/** An interval that stays within it says that there is no difference worth the name. */
function tellingRatio(noise: number): number {
  return Math.max(noise, TELLING)
}

/** For metrics of which the baseline has none, such as the CPU of the mesh: a ratio to 0 does not exist, nor a share of it. */
export function standingOfDifference(difference: Estimate): StandingWithNotes {
  const few = tooFew(difference)
  if (few) return few
  const { center, lo = center, hi = center } = difference
  if (lo === 0 && hi === 0) return { standing: 'no-difference', notes: [] }
  if (lo <= 0 && hi >= 0)
    return { standing: 'undecided', notes: ['The interval is too wide to tell a difference from none.'] }
  return { standing: center > 0 ? 'higher' : 'lower', notes: [] }
}

function tooFew({ n }: Estimate): StandingWithNotes | undefined {
  if (n >= BLOCKS_TO_DECIDE) return undefined
  return { standing: 'undecided', notes: [`${count(n, 'block')}: at least ${BLOCKS_TO_DECIDE} are needed to decide.`] }
}

/** Never fewer blocks than may decide at all; nothing where one block has no scatter to reckon from. */
function neededIn({ against, ...least }: Subject): Cell['needed'] {
  const noise = leastRatio(least)
  const found = against?.ratio
    ? neededToDecide(against.ratio.onLogs, { noise: Math.log(noise), telling: Math.log(tellingRatio(noise)) })
    : against?.difference && neededToDecide(against.difference, { noise: 0, telling: 0 })
  return found && { ...found, blocks: Math.max(BLOCKS_TO_DECIDE, found.blocks) }
}

function robustNote(against: Against | undefined): string[] {
  const { robust } = against ?? {}
  const interval = robust && formatChanges(robust)
  if (!robust || interval === undefined) return []
  const figures = `${formatChange(robust.center)}, 95 % interval ${interval}`
  return [`Single blocks matter here: by the Hodges–Lehmann estimate, which they cannot move far, it is ${figures}.`]
}

function bandNote(band: number | undefined): string[] {
  return band === undefined || band < SHOWN ? [] : [`Two equal arms differ by up to ${formatChange(band)} in this run.`]
}

/** Why a difference that is certain is not called one. */
function smallNote(minEffect: number): string {
  return `The difference is below ${formatShare(minEffect)}, the least effect that the scenario calls relevant.`
}

/** Where a mean is decided: `noise` is left with certainty, or `telling` is not. On the scale of the mean, 0 being none. */
interface Borders {
  readonly noise: number
  readonly telling: number
}

interface Needed {
  readonly blocks: number
  readonly cohorts: number
}

/**
 * How many blocks in all, or cohorts of as many blocks as now, would decide if estimate and scatter stay where they are.
 * Absent where nothing is known of the scatter, or where not even thousands would do.
 */
export function neededToDecide({ estimate, basis, error }: Weighed, { noise, telling }: Borders): Needed | undefined {
  if (error === undefined) return undefined
  const byCohorts = basis.unit === 'cohorts'
  const now = byCohorts ? basis.cohorts : estimate.n
  // Every cohort has the A/A pairs too.
  const lent = (basis.lent ?? 0) / now
  const half = (n: number) =>
    (halfWidth(Math.round(n - 1 + lent * n)) * error * Math.sqrt(now)) / Math.sqrt(n) + (basis.widened ?? 0)
  const center = Math.abs(estimate.center)
  const decided = (n: number) => center + half(n) <= telling || (center > noise && half(n) < center)
  if (!decided(MOST_BLOCKS)) return undefined
  const n = decided(now + 1) ? now + 1 : rootWhole(now + 1, MOST_BLOCKS, decided)
  return byCohorts
    ? { blocks: Math.ceil((n * estimate.n) / now), cohorts: n }
    : { blocks: n, cohorts: Math.max(1, basis.cohorts) }
}

/** Whether cohorts of a run are clusters, which differ beyond what their blocks show. */
export function provisions({ run }: Pick<RunRecord, 'run'>): boolean {
  return provisionsClusters(run.provenance.platform, run.plan.scenario)
}

/**
 * How far, as a ratio ≥ 1, the A/A pairs of a load and metric stray from 1: to the farther end of the widest interval.
 * Which of two equal arms is the baseline is chance, so the band is the same in both directions. 1 where there is no pair.
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
 * The provisioning that a trial was measured on: its cluster's name and the time it was made. Undefined where there are no
 * clusters, and in results of before it was kept.
 */
function provisioningOf({ result }: Pick<JudgedTrial, 'result'>): string | undefined {
  const { outcome } = result
  if (outcome.status !== 'measured') return undefined
  const seen = outcome.reading.observation.evidence.find(({ name }) => name === CLUSTER_EVIDENCE)?.seen
  return seen?.includes(', made ') ? seen.split(', kept from ')[0] : undefined
}

/** All provisionings of some trials. */
export function provisioningsOf(trials: readonly Pick<JudgedTrial, 'result'>[]): ReadonlySet<string> {
  return new Set(trials.flatMap((trial) => provisioningOf(trial) ?? []))
}
