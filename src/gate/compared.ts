import { acrossRuns, type Effect, effectOf } from '../compare/effect.ts'
import { logErrors } from '../compare/estimate.ts'
import { byBlock, differences, logRatios, type Pair, pairsOf } from '../compare/pairs.ts'
import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import { LEVEL, PASS_LEVEL } from '../model/confidence.ts'
import { followedOf, type HistoryEntry } from '../model/history.ts'
import type { CellLimits } from '../model/limits.ts'
import { trialsOf } from '../model/plan.ts'
import { type CohortSpread, nestedInterval } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { pooledSpread, successiveSpread } from '../stats/series.ts'
import { type Place, placeText } from './read-limits.ts'

/** A candidate and its reference under one load and metric. */
export interface Compared extends Place {
  readonly reference: string
  readonly info: MetricInfo
  readonly limits: CellLimits & { readonly level: 'error' | 'warn' }
  /** +1 where more is worse. */
  readonly direction: 1 | -1
  readonly effect?: Effect
  /** Log-ratios by block, positive where the candidate is worse; none where a ratio does not exist. */
  readonly harm: readonly BlockHarm[]
  /** In the metric's unit. `atPassLevel` is the same with a 99 % interval, whose ends decide a pass. */
  readonly difference?: Estimate
  readonly atPassLevel?: Estimate
  readonly blocks: { readonly valid: number; readonly planned: number; readonly worse: number }
  readonly cohorts: number
  /** Blocks in which only one of the two is valid. */
  readonly lost: { readonly candidate: number; readonly reference: number }
}

interface BlockHarm {
  readonly cohort: number
  readonly block: number
  readonly value: number
  /** In the metric's unit, positive where the candidate is worse as well. */
  readonly difference: number
}

/** The cells of a run, indexed by name. */
export interface Lookup {
  values(arm: string, load: string, metric: string): Cell['values']
  /** Blocks that the plan has for an arm under a load. */
  planned(arm: string, load: string): ReadonlySet<number>
}

export function lookUp({ cells, record }: Pick<Analysis, 'cells' | 'record'>): Lookup {
  const known = new Map(cells.map((cell) => [placeText(cell), cell]))
  const trials = Map.groupBy(trialsOf(record.run.plan), ({ arm, load }) => JSON.stringify([arm, load]))
  const blocks = new Map([...trials].map(([key, those]) => [key, new Set(those.map(({ block }) => block))]))
  return {
    values: (arm, load, metric) => known.get(placeText({ arm, load, metric }))?.values ?? [],
    planned: (arm, load) => blocks.get(JSON.stringify([arm, load])) ?? new Set(),
  }
}

/** `spread`: the scatter of equal arms between provisionings, where known. */
type Subject = Pick<Compared, 'arm' | 'reference' | 'load' | 'metric' | 'info' | 'limits'> & {
  readonly spread?: CohortSpread
}

/** Candidate and reference in the same run, paired within blocks. */
export function comparePaired(subject: Subject, lookup: Lookup, as = (pairs: readonly Pair[]) => pairs): Compared {
  const { arm, reference, load, metric } = subject
  const candidates = lookup.values(arm, load, metric)
  const references = lookup.values(reference, load, metric)
  const planned = lookup.planned(arm, load).intersection(lookup.planned(reference, load))
  const compared = ofPairs(subject, as(pairsOf(byBlock(references), candidates)))
  return {
    ...compared,
    blocks: { ...compared.blocks, planned: planned.size },
    lost: { candidate: missingFrom(candidates, planned), reference: missingFrom(references, planned) },
  }
}

/** A cell of a pinned reference: log-ratios to the baseline of the same block, by run and cohort. */
interface PinnedCell {
  readonly runs: readonly (readonly (readonly number[])[])[]
  /** The normal scatter between such runs; absent where unknown. */
  readonly betweenRuns?: CohortSpread
}

/** Compares each side as a ratio to the baseline of its own run, since runs differ less in ratios than in levels. */
export function comparePinned(subject: Subject, lookup: Lookup, baseline: string, pinned: PinnedCell): Compared {
  const { reference: _, ...own } = comparePaired({ ...subject, reference: baseline }, lookup, throughBaseline)
  const { difference: __, atPassLevel: ___, effect, ...compared } = { ...own, reference: subject.reference }
  const others = pinned.runs.flatMap((cohorts) => {
    const harm = cohorts.map((ratios) => ratios.map((ratio) => compared.direction * ratio))
    return effectOf(harm, subject.spread) ?? []
  })
  if (!effect || others.length === 0) return compared
  return { ...compared, effect: acrossRuns(effect, others, pinned.betweenRuns) }
}

/** Where the baseline has only zeros, as a baseline without a mesh has no CPU of the mesh, levels replace ratios. */
export function throughBaseline(pairs: readonly Pair[]): readonly Pair[] {
  return pairs.every(({ base }) => base === 0) ? pairs.map((pair) => ({ ...pair, base: 1 })) : pairs
}

function ofPairs({ spread, ...subject }: Subject, pairs: readonly Pair[]): Compared {
  const direction = subject.info.better === 'lower' ? 1 : -1
  const ratios = logRatios(pairs)?.map((those) => those.map((ratio) => direction * ratio))
  const effect = ratios && effectOf(ratios, spread, movedBy(pairs))
  const worse = pairs.filter(({ base, arm }) => direction * (arm - base) > 0).length
  return {
    ...subject,
    direction,
    harm: ratios
      ? pairs.map(({ cohort, block, base, arm }) => ({
          cohort,
          block,
          value: direction * Math.log(arm / base),
          difference: direction * (arm - base),
        }))
      : [],
    ...(effect && { effect }),
    ...differencesOf(pairs, spread),
    blocks: { valid: pairs.length, planned: pairs.length, worse },
    cohorts: new Set(pairs.map(({ cohort }) => cohort)).size,
    lost: { candidate: 0, reference: 0 },
  }
}

/** How far the largest errors of the values could move the mean log-ratio. */
function movedBy(pairs: readonly Pair[]): number {
  const moved = pairs.map(({ base, arm, errors }) =>
    errors ? widest(logErrors(base, errors.base)) + widest(logErrors(arm, errors.arm)) : 0,
  )
  return moved.length === 0 ? 0 : mean(moved)
}

function widest({ down, up }: ReturnType<typeof logErrors>): number {
  return Math.max(down, up)
}

/** Differences in the metric's unit. The spread between cohorts is a share of the level, so it is scaled to it. */
function differencesOf(pairs: readonly Pair[], spread?: CohortSpread): Pick<Compared, 'difference' | 'atPassLevel'> {
  if (pairs.length === 0) return {}
  const level = mean(pairs.map(({ base }) => base))
  const onValues = spread && { ...spread, deviation: spread.deviation * level }
  const cohorts = differences(pairs)
  const error = mean(pairs.map(({ errors }) => (errors ? errors.base + errors.arm : 0)))
  const [difference, atPassLevel] = [LEVEL, PASS_INTERVAL].map((one) => {
    const found = nestedInterval(cohorts, onValues, one)?.estimate
    return found && widened(found, error)
  })
  return { ...(difference && { difference }), ...(atPassLevel && { atPassLevel }) }
}

/** Level of the two-sided interval whose ends are the bounds that decide a pass. */
const PASS_INTERVAL = 2 * PASS_LEVEL - 1

function missingFrom(values: Cell['values'], planned: ReadonlySet<number>): number {
  return planned.difference(new Set(values.map(({ block }) => block))).size
}

/** Number of earlier runs that are used: older ones may have run on a changed machine. */
const MOST_RUNS = 30

/**
 * The normal scatter of ratios to the baseline between runs: as the limits state it, or else from the accepted runs and the
 * history, pooled by degrees of freedom. A step in the series counts only once. `past`: the history of this run's series
 * without the accepted runs.
 */
export function spreadBetweenRuns(
  { arm, load, metric, limits: { night } }: Pick<Compared, 'arm' | 'load' | 'metric' | 'limits'>,
  accepted: readonly (readonly (readonly number[])[])[],
  past: readonly HistoryEntry[],
): CohortSpread | undefined {
  if (night) return { deviation: night.deviation, freedom: night.runs }
  const series = past.filter((entry) => entry.arm === arm && entry.load === load)
  const of = followedOf(series, metric)
  const known = series.flatMap(({ metrics }) => {
    const value = metrics[metric]?.[of]?.center
    return value !== undefined && value > 0 ? [Math.log(value)] : []
  })
  const sources = [known.slice(-MOST_RUNS), accepted.map((cohorts) => mean(cohorts.map(mean)))]
  const found = pooledSpread(sources.flatMap((values) => successiveSpread(values) ?? []))
  return found?.deviation ? found : undefined
}

function widened({ center, lo, hi, n }: Estimate, error: number): Estimate {
  return { center, ...(lo !== undefined && { lo: lo - error }), ...(hi !== undefined && { hi: hi + error }), n }
}
