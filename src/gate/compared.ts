import { hasTypicalSecond } from '../analyse/tail.ts'
import { acrossRuns, effectOf } from '../compare/effect.ts'
import { pooledVarianceFor } from '../compare/estimate.ts'
import {
  byBlock,
  type DirectedMeasures,
  measureDirected,
  type Pair,
  pairsOf,
  throughBaseline,
} from '../compare/pairs.ts'
import { meshes } from '../meshes/index.ts'
import type { Analysis, Cell, MetricInfo } from '../model/analysis.ts'
import { followedOf, type HistoryEntry } from '../model/history.ts'
import type { CellLimits, Level, Limits, Pairing } from '../model/limits.ts'
import type { Pinned } from '../model/pinned.ts'
import { trialsOf } from '../model/plan.ts'
import { TAIL } from '../model/quantiles.ts'
import { baselineOf, type Load, type Scenario } from '../model/scenario.ts'
import type { CohortSpread } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { pooledSpread, successiveSpread } from '../stats/series.ts'
import { covers, type Place, placeText } from './read-limits.ts'

/** A candidate and its reference under one load and metric. */
export interface Compared extends Place, DirectedMeasures {
  readonly reference: string
  readonly info: MetricInfo
  readonly limits: CellLimits & { readonly level: 'error' | 'warn' }
  /** +1 where more is worse. */
  readonly direction: 1 | -1
  readonly blocks: { readonly valid: number; readonly planned: number; readonly worse: number }
  readonly cohorts: number
  /** Blocks in which only one of the two is valid. */
  readonly lost: { readonly candidate: number; readonly reference: number }
}

/** A cell with either an effect or the reason why it cannot be judged. */
export interface ComparedOrNot {
  readonly compared: Compared
  readonly why?: { readonly rule: string; readonly message: string }
}

export interface CompareAbout {
  readonly limits: Limits
  readonly pairs: readonly Pairing[]
  readonly pinned?: Pinned
  /** Earlier runs of this run's series. */
  readonly past?: readonly HistoryEntry[]
}

/** Every candidate and its reference, for every load and metric that is judged. */
export function compareAll({ cells, record, metrics }: Analysis, about: CompareAbout): Compared[] {
  const lookup = lookUp({ cells, record })
  const { scenario } = record.run.plan
  return about.pairs.flatMap(({ arm, reference }) =>
    scenario.loads.flatMap((load) =>
      metrics.flatMap((info): Compared[] => {
        const place = { arm, load: load.name, metric: info.name }
        const { level, ...own } = tailLimits(about.limits, place, load)
        if (level === 'off' || isNothing(lookup, scenario, reference, place)) return []
        const limits = { ...own, level }
        return [compareOne({ ...place, reference, info, limits }, about, lookup, scenario)]
      }),
    ),
  )
}

/** The cells of a run, indexed by name. */
interface Lookup {
  values(arm: string, load: string, metric: string): Cell['values']
  /** Blocks that the plan has for an arm under a load. */
  planned(arm: string, load: string): ReadonlySet<number>
}

/** The limits of a cell. A load whose planned window is too short for the p99 of a typical second is judged by its p99. */
function tailLimits(limits: Limits, place: Place, load: Load): ReturnType<typeof cellLimits> {
  const own = cellLimits(limits, place)
  if (hasTypicalSecond(load)) return own
  if (place.metric === TAIL) return { ...own, level: 'off' }
  return place.metric === 'p99' && own.level === 'off' ? cellLimits(limits, { ...place, metric: TAIL }) : own
}

/** The limits of one cell: the defaults, then every rule that covers it; later rules override earlier ones. */
function cellLimits({ defaults, metrics, assert }: Limits, place: Place): CellLimits & { readonly level: Level } {
  const found = { ...defaults, level: metrics.includes(place.metric) ? defaults.level : ('off' as const) }
  for (const [pattern, rule] of Object.entries(assert)) {
    if (!covers(pattern, place)) continue
    const [level, options] = typeof rule === 'string' ? [rule, {}] : rule
    Object.assign(found, options, { level })
  }
  return found
}

/** Whether both arms have no value but 0: two arms without a mesh have no CPU of a mesh to judge, and others may have no stalls. */
function isNothing(lookup: Lookup, { arms }: Scenario, reference: string, { arm, load, metric }: Place): boolean {
  const names = [arm, reference]
  const values = names.map((name) => lookup.values(name, load, metric))
  const isZero = values.every((own) => own.length > 0 && own.every(({ value }) => value === 0))
  const haveMesh = arms.some(({ name, mesh }) => names.includes(name) && meshes[mesh]?.layer !== 'none')
  return isZero && !(metric.startsWith('mesh-') && haveMesh)
}

type Subject = Pick<Compared, 'arm' | 'reference' | 'load' | 'metric' | 'info' | 'limits'>

/** `spread`: the scatter of equal arms between provisionings, where known. */
type SubjectWithSpread = Subject & { readonly spread?: CohortSpread }

function compareOne(subject: Subject, about: CompareAbout, lookup: Lookup, scenario: Scenario): Compared {
  const { pinned, past = [] } = about
  const stated = subject.limits.spread && {
    deviation: subject.limits.spread.deviation,
    freedom: subject.limits.spread.cohorts,
  }
  if (!pinned) {
    const spread = stated ?? pooledIn(scenario, subject, lookup)
    return comparePaired({ ...subject, ...(spread && { spread }) }, lookup)
  }
  const runs = pinned.cells[placeText(subject)] ?? []
  const betweenRuns = spreadBetweenRuns(subject, runs, past)
  const reference = { runs, ...(betweenRuns && { betweenRuns }) }
  return comparePinned({ ...subject, ...(stated && { spread: stated }) }, lookup, baselineOf(scenario).name, reference)
}

/** The spread between clusters where the limits state none: from arms equal to candidate or reference, if there are several cohorts. */
function pooledIn(
  scenario: Scenario,
  { arm, reference, load, metric }: Subject,
  lookup: Lookup,
): CohortSpread | undefined {
  const known = scenario.arms.map((one) => ({ arm: one, values: lookup.values(one.name, load, metric) }))
  const [own, other] = [arm, reference].map((name) => known.find((one) => one.arm.name === name))
  if (!own || !other || new Set(own.values.map(({ cohort }) => cohort)).size < 2) return undefined
  return pooledVarianceFor(own.arm, other.arm, known).onLogs
}

function lookUp({ cells, record }: Pick<Analysis, 'cells' | 'record'>): Lookup {
  const known = new Map(cells.map((cell) => [placeText(cell), cell]))
  const trials = Map.groupBy(trialsOf(record.run.plan), ({ arm, load }) => JSON.stringify([arm, load]))
  const blocks = new Map([...trials].map(([key, those]) => [key, new Set(those.map(({ block }) => block))]))
  return {
    values: (arm, load, metric) => known.get(placeText({ arm, load, metric }))?.values ?? [],
    planned: (arm, load) => blocks.get(JSON.stringify([arm, load])) ?? new Set(),
  }
}

/** Candidate and reference in the same run, paired within blocks. */
function comparePaired(
  { spread, ...subject }: SubjectWithSpread,
  lookup: Lookup,
  as = (pairs: readonly Pair[]) => pairs,
): Compared {
  const { arm, reference, load, metric, info } = subject
  const candidates = lookup.values(arm, load, metric)
  const references = lookup.values(reference, load, metric)
  const planned = lookup.planned(arm, load).intersection(lookup.planned(reference, load))
  const lost = { candidate: missingFrom(candidates, planned), reference: missingFrom(references, planned) }
  const pairs = as(pairsOf(byBlock(references), candidates))
  const direction = info.better === 'lower' ? 1 : -1
  const worse = pairs.filter(({ base, arm: value }) => direction * (value - base) > 0).length
  return {
    ...subject,
    direction,
    blocks: { valid: pairs.length, planned: planned.size, worse },
    cohorts: new Set(pairs.map(({ cohort }) => cohort)).size,
    lost,
    ...measureDirected(pairs, direction, spread),
  }
}

/** A cell of a pinned reference: log-ratios to the baseline of the same block, by run and cohort. */
interface PinnedCell {
  readonly runs: readonly (readonly (readonly number[])[])[]
  /** The normal scatter between such runs; absent where unknown. */
  readonly betweenRuns?: CohortSpread
}

/** Compares each side as a ratio to the baseline of its own run, since runs differ less in ratios than in levels. */
function comparePinned(subject: SubjectWithSpread, lookup: Lookup, baseline: string, pinned: PinnedCell): Compared {
  const { reference: _, ...own } = comparePaired({ ...subject, reference: baseline }, lookup, throughBaseline)
  const { difference: __, atPassLevel: ___, effect, ...compared } = { ...own, reference: subject.reference }
  const others = pinned.runs.flatMap((cohorts) => {
    const harm = cohorts.map((ratios) => ratios.map((ratio) => compared.direction * ratio))
    return effectOf(harm, subject.spread) ?? []
  })
  if (!effect || others.length === 0) return compared
  return { ...compared, effect: acrossRuns(effect, others, pinned.betweenRuns) }
}

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
function spreadBetweenRuns(
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
