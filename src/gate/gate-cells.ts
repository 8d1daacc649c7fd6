import { hasTypicalSecond } from '../analyse/tail.ts'
import { basisOf, type Effect, ratioOf } from '../compare/effect.ts'
import { pooledVarianceFor } from '../compare/estimate.ts'
import { meshes } from '../meshes/index.ts'
import type { Analysis } from '../model/analysis.ts'
import type { HistoryEntry } from '../model/history.ts'
import type { CellLimits, Level, Limits, Pairing } from '../model/limits.ts'
import { TAIL } from '../model/quantiles.ts'
import { baselineOf, type Load, type Scenario } from '../model/scenario.ts'
import type { GateCell, Objection } from '../model/verdict.ts'
import type { CohortSpread } from '../stats/intervals.ts'
import { hodgesLehmann } from '../stats/rank-tests.ts'
import { sinceWhen } from './changes.ts'
import { type Compared, comparePaired, comparePinned, type Lookup, lookUp, spreadBetweenRuns } from './compared.ts'
import {
  boundOf,
  type ComparedOrNot,
  decisionOf,
  type Judgement,
  judgePinned,
  judgeStage,
  lookOf,
  neededFor,
  type PValues,
  pValuesOf,
} from './judge.ts'
import { covers, type Place, placeText, waiverOf } from './read-limits.ts'
import type { Pinned } from './reference.ts'
import { cellSentence, reproduceCommand, whyNot } from './sentences.ts'

/** What judging needs besides the analysis. */
interface GateContext extends CompareAbout {
  readonly objections: readonly Objection[]
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
  /** With the accepted runs, which `past` leaves out; to date what is worse. */
  readonly series?: { readonly past: readonly HistoryEntry[]; readonly now: readonly HistoryEntry[] }
  /** `arm/load/metric` of what breached the pinned reference in the run before. */
  readonly breached: ReadonlySet<string>
}

/** Judges every cell, those of the family and others. */
export function gateCells(analysis: Analysis, bench: GateContext): GateCell[] {
  const candidates = compareAll(analysis, bench).map((compared) => ({ compared, ...whyNot(compared, analysis, bench) }))
  const pValues = pValuesOf(candidates, bench.limits.family.method)
  return candidates.map((one, index) => {
    const family = candidates.filter(({ compared }) => compared.limits.level === one.compared.limits.level).length
    return cellOf(one, pValues[index] as PValues, { analysis, bench, family })
  })
}

interface Circumstances {
  readonly analysis: Analysis
  readonly bench: GateContext
  readonly family: number
}

function cellOf(
  { compared, why }: ComparedOrNot,
  pValues: PValues,
  { analysis, bench, family }: Circumstances,
): GateCell {
  const { arm, reference, load, info, limits, effect, direction, difference, blocks, cohorts } = compared
  const judgement = why === undefined ? judge(compared, pValues, { analysis, bench, family }) : INVALID
  const needed = neededIn({ compared, ...(why && { why }) }, judgement, bench, family)
  const cell: Omit<GateCell, 'message' | 'reproduce'> = {
    arm,
    reference,
    load,
    metric: info,
    level: why === undefined ? limits.level : limits.nodata === 'warn' ? 'warn' : limits.level,
    ...judgement,
    waived: judgement.verdict !== 'invalid' && waiverOf(bench.limits.waivers, compared, bench.today) !== undefined,
    ...(effect && figuresOf(effect, direction)),
    ...(difference && { difference }),
    ...(effect && why === undefined && pValues),
    ...(isDisputed(compared, judgement, bench) && { disputed: true }),
    blocks,
    cohorts,
    ...(needed && { needed }),
    ...(why && { rule: why.rule }),
  }
  const planned = Math.max(blocks.planned, bench.limits.blocks.initial)
  const { series = { past: [], now: [] } } = bench
  const since = isWorse(cell) ? sinceWhen(compared, series.past, series.now, bench.pinned !== undefined) : undefined
  const sentence = cellSentence(cell, analysis.noise, why?.message)
  return {
    ...cell,
    ...(since && { since }),
    message: since ? `${sentence} ${since.message}` : sentence,
    reproduce: reproduceCommand(analysis.record, cell, planned),
  }
}

function isWorse({ verdict, suspected, unconfirmed, breach }: Judgement): boolean {
  return verdict === 'regression' || suspected || unconfirmed === true || breach === true
}

const INVALID: Judgement = { verdict: 'invalid', suspected: false }

function judge(compared: Compared, pValues: PValues, { analysis, bench }: Circumstances): Judgement {
  const { limits, pinned, breached } = bench
  const { effect } = compared
  if (!effect) return INVALID
  const measured = { ...compared, effect }
  if (pinned) return judgePinned(measured, pValues, limits.alpha, breached.has(placeText(compared)))
  const isExtended = analysis.record.run.extension !== undefined
  return judgeStage(measured, pValues, { alpha: limits.alpha, look: lookOf(compared, limits, isExtended) })
}

/**
 * Whether the Hodges–Lehmann interval includes 0 although a difference was found. It does not change the verdict, which
 * would cost power, but the reader is told. It needs six blocks, and pairs, which do not exist across runs.
 */
function isDisputed({ harm }: Compared, { verdict }: Judgement, { pinned }: GateContext): boolean {
  if (pinned || (verdict !== 'regression' && verdict !== 'improvement')) return false
  const { lo, hi } = hodgesLehmann(harm.map(({ value }) => value)) ?? {}
  return verdict === 'regression' ? lo !== undefined && lo <= 0 : hi !== undefined && hi >= 0
}

/** For a suspect cell the blocks of the second stage; otherwise never fewer than a verdict needs. */
function neededIn(
  { compared, why }: ComparedOrNot,
  { verdict, suspected }: Judgement,
  { limits }: GateContext,
  family: number,
) {
  const { effect, cohorts } = compared
  const { minValid, extendTo } = limits.blocks
  if (why?.rule === 'too-few-blocks') return { blocks: minValid, cohorts }
  if (verdict !== 'inconclusive' || !effect) return undefined
  if (suspected) return { blocks: extendTo, cohorts }
  const found = neededFor(effect, decisionOf(compared, limits.alpha, family))
  return found && { ...found, blocks: Math.max(found.blocks, minValid) }
}

function figuresOf(effect: Effect, direction: 1 | -1) {
  return {
    ratio: ratioOf(effect, direction),
    bound: Math.exp(direction * boundOf(effect)),
    basis: basisOf(effect),
    deviation: effect.deviation,
  }
}

interface CompareAbout {
  readonly limits: Limits
  readonly pairs: readonly Pairing[]
  readonly pinned?: Pinned
  /** Earlier runs of this run's series. */
  readonly past?: readonly HistoryEntry[]
}

/** Every candidate and its reference, for every load and metric that is judged. */
function compareAll({ cells, record, metrics }: Analysis, about: CompareAbout): Compared[] {
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

/** The limits of a cell. A load whose planned window is too short for the p99 of a typical second is judged by its p99. */
function tailLimits(limits: Limits, place: Place, load: Load): ReturnType<typeof cellLimits> {
  const own = cellLimits(limits, place)
  if (hasTypicalSecond(load)) return own
  if (place.metric === TAIL) return { ...own, level: 'off' }
  return place.metric === 'p99' && own.level === 'off' ? cellLimits(limits, { ...place, metric: TAIL }) : own
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
