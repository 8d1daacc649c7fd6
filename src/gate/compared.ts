import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import type { CellLimits } from '../model/limits.ts'
import { trialsOf } from '../model/plan.ts'
import { LEVEL } from '../stats/interval.ts'
import { mean } from '../stats/moments.ts'
import { type CohortSpread, nestedInterval } from '../stats/nested.ts'
import { acrossNights, type Effect, effectOf } from './effect.ts'
import { type Place, placeText } from './pattern.ts'

/** A candidate under one load and metric, beside its reference. */
export interface Compared extends Place {
  readonly reference: string
  readonly info: MetricInfo
  readonly limits: CellLimits & { readonly level: 'error' | 'warn' }
  /** +1 where more is worse. */
  readonly direction: 1 | -1
  readonly effect?: Effect
  /** Log-ratios by block, positive where the candidate is worse; none where a ratio does not exist. */
  readonly harm: readonly { readonly cohort: number; readonly block: number; readonly value: number }[]
  /** In the metric's unit. Its 99 % interval, at whose ends a pass is decided, is `surely`. */
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

/** What a whole run says of its cells, found by name instead of by search. */
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

/** `spread`: how far equal arms on different provisionings lie apart, where that is known. */
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

/** What a pinned reference knows of a cell: log-ratios to the baseline of the same block, by run and cohort. */
export interface PinnedCell {
  readonly runs: readonly (readonly (readonly number[])[])[]
  /** How far such runs lie apart without a cause; absent where nobody knows. */
  readonly nights?: CohortSpread
}

/** Each side through the baseline of its own run: nights differ in level, and less in ratios. */
export function comparePinned(subject: Subject, lookup: Lookup, baseline: string, pinned: PinnedCell): Compared {
  const { reference: _, ...own } = comparePaired({ ...subject, reference: baseline }, lookup, throughBaseline)
  const { difference: __, surely: ___, effect, ...compared } = { ...own, reference: subject.reference }
  const others = pinned.runs.flatMap((cohorts) => {
    const harm = cohorts.map((ratios) => ratios.map((ratio) => compared.direction * ratio))
    return effectOf(harm, subject.spread) ?? []
  })
  if (!effect || others.length === 0) return compared
  return { ...compared, effect: acrossNights(effect, others, pinned.nights) }
}

export function pairUp(candidates: Cell['values'], references: Cell['values']): Pair[] {
  const byBlock = new Map(references.map(({ block, value }) => [block, value]))
  return candidates.flatMap(({ cohort, block, value }) => {
    const reference = byBlock.get(block)
    return reference === undefined ? [] : [{ cohort, block, candidate: value, reference }]
  })
}

/** A baseline that has nothing of a metric, as one without a mesh has none of its CPU, is no measure of a night: the level is. */
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

/** By the scatter that the ratios have as well: what cohorts differ by is a share of the level. */
function differencesOf(pairs: readonly Pair[], spread?: CohortSpread): Pick<Compared, 'difference' | 'surely'> {
  if (pairs.length === 0) return {}
  const level = mean(pairs.map(({ reference }) => reference))
  const onValues = spread && { ...spread, deviation: spread.deviation * level }
  const cohorts = byCohort(pairs, ({ candidate, reference }) => candidate - reference)
  const [difference, surely] = [LEVEL, SURELY].map((one) => nestedInterval(cohorts, onValues, one)?.estimate)
  return { ...(difference && { difference }), ...(surely && { surely }) }
}

/** Either end is left with the chance of a false pass. */
const SURELY = 0.99

function missingFrom(values: Cell['values'], planned: ReadonlySet<number>): number {
  return planned.difference(new Set(values.map(({ block }) => block))).size
}
