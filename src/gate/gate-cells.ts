import type { Analysis } from '../model/analysis.ts'
import type { GateCell } from '../model/verdict.ts'
import { hodgesLehmann } from '../stats/hodges-lehmann.ts'
import { type Chances, chancesOf, type Weighed } from './chances.ts'
import { type CompareAbout, compareAll } from './compare-all.ts'
import type { Compared } from './compared.ts'
import { basisOf, type Effect, ratioOf } from './effect.ts'
import { boundOf, decisionOf, isFinal, type Judgement, judgePinned, judgeStage } from './judge.ts'
import { neededFor } from './needed.ts'
import type { Objection } from './objection.ts'
import { placeText } from './pattern.ts'
import { cellSentence, reproduceCommand } from './sentence.ts'
import { waiverOf } from './waivers.ts'
import { whyNot } from './why-not.ts'

/** What cells are judged with, besides the analysis. */
export interface Bench extends CompareAbout {
  readonly objections: readonly Objection[]
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
  /** `arm/load/metric` of what breached the pinned reference in the run before. */
  readonly breached: ReadonlySet<string>
}

/** Every cell of the family and beside it, judged. */
export function gateCells(analysis: Analysis, bench: Bench): GateCell[] {
  const weighed = compareAll(analysis, bench).map((compared) => ({ compared, ...whyNot(compared, analysis, bench) }))
  const chances = chancesOf(weighed, bench.limits.family.method)
  return weighed.map((one, index) => {
    const family = weighed.filter(({ compared }) => compared.limits.level === one.compared.limits.level).length
    return cellOf(one, chances[index] as Chances, { analysis, bench, family })
  })
}

interface Circumstances {
  readonly analysis: Analysis
  readonly bench: Bench
  readonly family: number
}

function cellOf({ compared, why }: Weighed, chances: Chances, { analysis, bench, family }: Circumstances): GateCell {
  const { arm, reference, load, info, limits, effect, direction, difference, blocks, cohorts } = compared
  const judgement = why === undefined ? judge(compared, chances, bench) : INVALID
  const needed = neededIn({ compared, ...(why && { why }) }, judgement, bench, family)
  const cell: Omit<GateCell, 'sentence' | 'reproduce'> = {
    arm,
    reference,
    load,
    metric: info,
    level: why === undefined ? limits.level : limits.nodata === 'warn' ? 'warn' : limits.level,
    ...judgement,
    waived: judgement.verdict !== 'invalid' && waiverOf(bench.limits.waivers, compared, bench.today) !== undefined,
    ...(effect && figuresOf(effect, direction)),
    ...(difference && { difference }),
    ...(effect && why === undefined && chances),
    ...(isDisputed(compared, judgement, bench) && { disputed: true }),
    blocks,
    cohorts,
    ...(needed && { needed }),
    ...(why && { rule: why.rule }),
  }
  const planned = Math.max(blocks.planned, bench.limits.blocks.initial)
  return {
    ...cell,
    sentence: cellSentence(cell, analysis.noise, why?.sentence),
    reproduce: reproduceCommand(analysis.record, cell, planned),
  }
}

const INVALID: Judgement = { verdict: 'invalid', suspected: false }

function judge(compared: Compared, chances: Chances, { limits, pinned, breached }: Bench): Judgement {
  const { effect } = compared
  if (!effect) return INVALID
  const measured = { ...compared, effect }
  if (pinned) return judgePinned(measured, chances, limits.alpha, breached.has(placeText(compared)))
  return judgeStage(measured, chances, { alpha: limits.alpha, isLast: isFinal(compared, limits) })
}

/**
 * Whether the Hodges–Lehmann interval does not exclude 0 on the side of what was found. It is no second judge, whose consent
 * would cost power; what it does not find is worth a look. Below six blocks there is none, and across nights no pairs.
 */
function isDisputed({ harm }: Compared, { verdict }: Judgement, { pinned }: Bench): boolean {
  if (pinned || (verdict !== 'regression' && verdict !== 'improvement')) return false
  const { lo, hi } = hodgesLehmann(harm.map(({ value }) => value)) ?? {}
  return verdict === 'regression' ? lo !== undefined && lo <= 0 : hi !== undefined && hi >= 0
}

/** Of a suspicion what the second stage has; else never fewer than may decide at all. */
function neededIn({ compared, why }: Weighed, { verdict, suspected }: Judgement, { limits }: Bench, family: number) {
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
