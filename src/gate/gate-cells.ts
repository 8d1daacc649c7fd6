import { basisOf, type Effect, pValueOf, ratioOf, tail } from '../compare/effect.ts'
import type { Analysis } from '../model/analysis.ts'
import type { HistoryEntry } from '../model/history.ts'
import type { FamilyMethod } from '../model/limits.ts'
import type { GateCell, Objection } from '../model/verdict.ts'
import { holm, maxT } from '../stats/multiplicity.ts'
import { random } from '../stats/random.ts'
import { hodgesLehmann } from '../stats/rank-tests.ts'
import { sinceWhen } from './changes.ts'
import { type CompareAbout, type Compared, type ComparedOrNot, compareAll } from './compared.ts'
import {
  boundOf,
  type Judgement,
  judgePinned,
  judgeStage,
  lookOf,
  neededIn,
  type PValues,
  type Side,
  type Sides,
  whyNot,
} from './judge.ts'
import { placeText, waiverOf } from './read-limits.ts'
import { cellSentence, reproduceCommand } from './sentences.ts'

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
  const needed = neededIn({ compared, ...(why && { why }) }, judgement, bench.limits, family)
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

function figuresOf(effect: Effect, direction: 1 | -1) {
  return {
    ratio: ratioOf(effect, direction),
    bound: Math.exp(direction * boundOf(effect)),
    basis: basisOf(effect),
    deviation: effect.deviation,
  }
}

/**
 * Adjusts p-values within each level, for each direction separately. Cells that were not judged count with p = 1, so that
 * the family keeps its declared size.
 */
export function pValuesOf(candidates: readonly ComparedOrNot[], method: FamilyMethod): PValues[] {
  const p = candidates.map(({ compared: { effect }, why }): Sides => (effect && !why ? pValueOf(effect) : NOTHING))
  const adjusted = p.map((one) => ({ ...one }))
  for (const level of ['error', 'warn']) {
    const members = candidates.flatMap(({ compared }, index) => (compared.limits.level === level ? [index] : []))
    const those = members.flatMap((index) => candidates[index] ?? [])
    for (const side of ['worse', 'better'] as const) {
      const values = method === 'holm' ? holm(members.map((index) => p[index]?.[side] ?? 1)) : byResampling(those, side)
      for (const [place, index] of members.entries()) Object.assign(adjusted[index] ?? {}, { [side]: values[place] })
    }
  }
  return p.map((one, index) => ({ p: one, adjusted: adjusted[index] ?? one }))
}

const NOTHING: Sides = { worse: 1, better: 1 }

/**
 * maxT changes the signs of blocks, which ignores the scatter between cohorts and runs. Where that scatter is known, Holm's
 * p-value by it is used if it is larger.
 */
function byResampling(candidates: readonly ComparedOrNot[], side: Side): number[] {
  const known = new Set(candidates.flatMap(({ compared }) => compared.harm.map(({ block }) => block)))
  const blocks = [...known].toSorted((a, b) => a - b)
  const cells = candidates.map(({ compared, why }) => {
    const values = new Map(why ? [] : compared.harm.map(({ block, value }) => [block, value]))
    return blocks.map((block) => values.get(block))
  })
  const drawn = maxT(cells, { random: random(1, 'family', side), tail: side === 'worse' ? 'greater' : 'less' })
  const others = holm(
    candidates.map(({ compared, why }) => (compared.effect && !why ? beyond(compared.effect, side) : 1)),
  )
  return drawn.map((one, index) => Math.max(one, others[index] ?? 1))
}

/** The p-value by the scatter of cohorts or runs; 0 where neither is known. */
function beyond({ center, byCohorts, byRuns }: Effect, side: Side): number {
  const harm = side === 'worse' ? center : -center
  return Math.max(0, ...[byCohorts, byRuns].flatMap((one) => (one ? [tail(harm, one)] : [])))
}
