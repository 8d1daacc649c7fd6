import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import { followedOf, type HistoryEntry } from '../model/history.ts'
import type { CellLimits } from '../model/limits.ts'
import { trialsOf } from '../model/plan.ts'
import type { GateCell } from '../model/verdict.ts'
import { studentCdf } from '../stats/distributions.ts'
import { type CohortSpread, halfWidth, LEVEL, nestedInterval } from '../stats/intervals.ts'
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
  readonly harm: readonly { readonly cohort: number; readonly block: number; readonly value: number }[]
  /** In the metric's unit. `surely` is the same with a 99 % interval, whose ends decide a pass. */
  readonly difference?: Estimate
  readonly surely?: Estimate
  readonly blocks: { readonly valid: number; readonly planned: number; readonly worse: number }
  readonly cohorts: number
  /** Blocks in which only one of the two is valid. */
  readonly lost: { readonly candidate: number; readonly reference: number }
}

interface Pair {
  readonly cohort: number
  readonly block: number
  readonly candidate: number
  readonly reference: number
}

/** The cells of a run, indexed by name. */
export interface Lookup {
  values(arm: string, load: string, metric: string): Cell['values']
  /** Blocks that the plan has for an arm under a load. */
  planned(arm: string, load: string): ReadonlySet<number>
}

export function lookUp({ cells, record }: Pick<Analysis, 'cells' | 'record'>): Lookup {
  const known = new Map(cells.map((cell) => [placeText(cell), cell.values]))
  const trials = Map.groupBy(trialsOf(record.run.plan), ({ arm, load }) => JSON.stringify([arm, load]))
  const blocks = new Map([...trials].map(([key, those]) => [key, new Set(those.map(({ block }) => block))]))
  return {
    values: (arm, load, metric) => known.get(placeText({ arm, load, metric })) ?? [],
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
  const compared = ofPairs(subject, as(pairUp(candidates, references)))
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
  readonly nights?: CohortSpread
}

/** Compares each side as a ratio to the baseline of its own run, since runs differ less in ratios than in levels. */
export function comparePinned(subject: Subject, lookup: Lookup, baseline: string, pinned: PinnedCell): Compared {
  const { reference: _, ...own } = comparePaired({ ...subject, reference: baseline }, lookup, throughBaseline)
  const { difference: __, surely: ___, effect, ...compared } = { ...own, reference: subject.reference }
  const others = pinned.runs.flatMap((cohorts) => {
    const harm = cohorts.map((ratios) => ratios.map((ratio) => compared.direction * ratio))
    return effectOf(harm, subject.spread) ?? []
  })
  if (!effect || others.length === 0) return compared
  return { ...compared, effect: acrossRuns(effect, others, pinned.nights) }
}

export function pairUp(candidates: Cell['values'], references: Cell['values']): Pair[] {
  const byBlock = new Map(references.map(({ block, value }) => [block, value]))
  return candidates.flatMap(({ cohort, block, value }) => {
    const reference = byBlock.get(block)
    return reference === undefined ? [] : [{ cohort, block, candidate: value, reference }]
  })
}

/** Where the baseline has only zeros, as a baseline without a mesh has no CPU of the mesh, levels replace ratios. */
export function throughBaseline(pairs: readonly Pair[]): readonly Pair[] {
  return pairs.every(({ reference }) => reference === 0) ? pairs.map((pair) => ({ ...pair, reference: 1 })) : pairs
}

/** Log-ratios by cohort; absent where a ratio does not exist. */
export function logRatios(pairs: readonly Pair[]): number[][] | undefined {
  if (pairs.some(({ candidate, reference }) => !(candidate > 0 && reference > 0))) return undefined
  return byCohort(pairs, (one) => Math.log(one.candidate / one.reference))
}

function byCohort(pairs: readonly Pair[], read: (pair: Pair) => number): number[][] {
  return [...Map.groupBy(pairs, ({ cohort }) => cohort).values()].map((those) => those.map(read))
}

function ofPairs({ spread, ...subject }: Subject, pairs: readonly Pair[]): Compared {
  const direction = subject.info.better === 'lower' ? 1 : -1
  const ratios = logRatios(pairs)?.map((those) => those.map((ratio) => direction * ratio))
  const effect = ratios && effectOf(ratios, spread)
  const worse = pairs.filter(({ candidate, reference }) => direction * (candidate - reference) > 0).length
  return {
    ...subject,
    direction,
    harm: ratios ? pairs.map((one) => ({ ...one, value: direction * Math.log(one.candidate / one.reference) })) : [],
    ...(effect && { effect }),
    ...differencesOf(pairs, spread),
    blocks: { valid: pairs.length, planned: pairs.length, worse },
    cohorts: new Set(pairs.map(({ cohort }) => cohort)).size,
    lost: { candidate: 0, reference: 0 },
  }
}

/** Differences in the metric's unit. The spread between cohorts is a share of the level, so it is scaled to it. */
function differencesOf(pairs: readonly Pair[], spread?: CohortSpread): Pick<Compared, 'difference' | 'surely'> {
  if (pairs.length === 0) return {}
  const level = mean(pairs.map(({ reference }) => reference))
  const onValues = spread && { ...spread, deviation: spread.deviation * level }
  const cohorts = byCohort(pairs, ({ candidate, reference }) => candidate - reference)
  const [difference, surely] = [LEVEL, SURELY].map((one) => nestedInterval(cohorts, onValues, one)?.estimate)
  return { ...(difference && { difference }), ...(surely && { surely }) }
}

/** Level of the interval whose ends decide a pass. */
const SURELY = 0.99

function missingFrom(values: Cell['values'], planned: ReadonlySet<number>): number {
  return planned.difference(new Set(values.map(({ block }) => block))).size
}

/** A standard error and how well it is known. */
interface Scatter {
  readonly error: number
  readonly freedom: number
}

/** The scatters that an effect is tested against. */
interface Scatters {
  readonly byBlocks: Scatter
  /** Absent with one cohort and no spread known from elsewhere. */
  readonly byCohorts?: Scatter
  /** For a pinned reference: the normal scatter between runs. */
  readonly byNights?: Scatter
}

/** A mean log-ratio, positive where the candidate is worse. */
export interface Effect extends Scatters {
  readonly center: number
  readonly blocks: number
  readonly cohorts: number
  /** Standard deviation between blocks. */
  readonly deviation: number
}

/** The effect from the log-ratios of each cohort. Needs two blocks. */
export function effectOf(cohorts: readonly (readonly number[])[], spread?: CohortSpread): Effect | undefined {
  const filled = cohorts.filter(({ length }) => length > 0)
  const nested = nestedInterval(filled, spread)
  const blocks = filled.flat().length
  if (!nested || blocks < 2) return undefined
  const byBlocks = scatterOf(nested.byBlocks, blocks - 1)
  const freedom = filled.length - 1 + (spread?.freedom ?? 0)
  return {
    center: mean(filled.map(mean)),
    blocks,
    cohorts: filled.length,
    deviation: byBlocks.error * Math.sqrt(blocks),
    byBlocks,
    ...(nested.byCohorts && { byCohorts: scatterOf(nested.byCohorts, freedom) }),
  }
}

/**
 * The candidate less the mean of the reference runs. The scatters within runs add up (Welch), with Satterthwaite's degrees
 * of freedom. They do not include the scatter between runs, `nights`: one run against the mean of n has √(1 + 1/n) of it.
 */
export function acrossRuns(candidate: Effect, references: readonly Effect[], nights?: CohortSpread): Effect {
  const n = references.length
  const parts = [widest(candidate), ...references.map(widest).map((one) => ({ ...one, error: one.error / n }))]
  const variance = parts.reduce((sum, { error }) => sum + error ** 2, 0)
  const freedom = variance ** 2 / parts.reduce((sum, { error, freedom }) => sum + error ** 4 / freedom, 0)
  return {
    center: candidate.center - mean(references.map(({ center }) => center)),
    blocks: candidate.blocks,
    cohorts: candidate.cohorts,
    deviation: candidate.deviation,
    byBlocks: { error: Math.sqrt(variance), freedom: Number.isFinite(freedom) ? freedom : candidate.blocks - 1 },
    ...(nights && { byNights: { error: nights.deviation * Math.sqrt(1 + 1 / n), freedom: nights.freedom } }),
  }
}

/** One-sided p-values: the chance of this effect or a larger one if there is no difference. The largest over all scatters. */
export function pValueOf({ center, ...scatters }: Effect): { worse: number; better: number } {
  const all = scattersOf(scatters)
  return {
    worse: Math.max(...all.map((one) => tail(center, one))),
    better: Math.max(...all.map((one) => tail(-center, one))),
  }
}

/** Distance of a one-sided bound from the center. `alpha`: the chance that the true value lies beyond it. */
export function boundHalfWidth(effect: Scatters, alpha: number): number {
  return Math.max(...scattersOf(effect).map(({ error, freedom }) => error * halfWidth(freedom, 1 - 2 * alpha)))
}

/** The two-sided 95 % interval as a ratio; `direction` −1 turns "worse" back into "less". */
export function ratioOf(effect: Effect, direction: 1 | -1): Estimate {
  const half = boundHalfWidth(effect, (1 - LEVEL) / 2)
  const center = direction * effect.center
  return { center: Math.exp(center), lo: Math.exp(center - half), hi: Math.exp(center + half), n: effect.blocks }
}

/** The scatter that determines the interval. */
export function basisOf(effect: Effect): NonNullable<GateCell['basis']> {
  const found = widest(effect)
  return found === effect.byNights ? 'nights' : found === effect.byCohorts ? 'cohorts' : 'blocks'
}

function widest(effect: Scatters): Scatter {
  const width = ({ error, freedom }: Scatter) => error * halfWidth(freedom, LEVEL)
  return scattersOf(effect).reduce((most, one) => (width(one) >= width(most) ? one : most))
}

function scattersOf({ byBlocks, byCohorts, byNights }: Scatters): Scatter[] {
  return [byBlocks, ...(byCohorts ? [byCohorts] : []), ...(byNights ? [byNights] : [])]
}

/** The one-sided p-value by one scatter. Equal values have no scatter: then any difference is certain. */
export function tail(center: number, { error, freedom }: Scatter): number {
  if (error === 0) return center > 0 ? 0 : center === 0 ? 0.5 : 1
  return studentCdf(-center / error, freedom)
}

function scatterOf({ center, hi = center }: Estimate, freedom: number): Scatter {
  return { error: (hi - center) / halfWidth(freedom), freedom }
}

/** Number of earlier runs that are used: older ones may have run on a changed machine. */
const NIGHTS = 30

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
  const sources = [known.slice(-NIGHTS), accepted.map((cohorts) => mean(cohorts.map(mean)))]
  const found = pooledSpread(sources.flatMap((values) => successiveSpread(values) ?? []))
  return found?.deviation ? found : undefined
}
