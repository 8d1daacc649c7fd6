import { CELL_VERDICTS, type CellVerdict, type GateCell } from '../../src/model/verdict.ts'
import { random } from '../../src/stats/random.ts'
import { upperBound } from './clopper-pearson.ts'
import { judgeNight } from './night.ts'
import type { PowerSetting, Setting } from './settings.ts'

export type Verdicts = Readonly<Record<CellVerdict, number>>

/** Nights in which nothing differs. */
export interface Nulls {
  readonly title: string
  readonly deviation?: number
  readonly nights: number
  /** Nights with a regression in any cell; `upper`: one-sided bound of their share (Clopper and Pearson). */
  readonly alarms: number
  readonly upper: number
  /** Nights that found an improvement, which is as wrong. */
  readonly improvements: number
  readonly extended: number
  /** Trials of a night on average, relative to those of a night that is not extended. */
  readonly cost: number
  /** Nights that end undecided, since a cell points to a regression that is not confirmed. */
  readonly unconfirmed: number
  readonly verdicts: Verdicts
}

/** Nights in which one cell is worse. */
export interface Power {
  readonly title?: string
  readonly deviation: number
  readonly increase: number
  readonly nights: number
  /** As of `Nulls`. */
  readonly cost: number
  /** Of that cell. */
  readonly verdicts: Verdicts
  /** Of the nights in which it was inconclusive: how many named the blocks that would decide, and the median of these. */
  readonly needed: { readonly named: number; readonly median?: number }
}

/** Another one than that the rule was made with. */
const SEED = 2

export function nullsOf({ title, deviation, night }: Setting, nights: number): Nulls {
  let [alarms, improvements, extended, cost, unconfirmed] = [0, 0, 0, 0, 0]
  const verdicts = counter()
  for (let number = 0; number < nights; number++) {
    const judged = judgeNight(night, random(SEED, 'null', title, deviation ?? 0, number))
    if (judged.extended) extended++
    cost += judged.cost / nights
    const isRed = has(judged.cells, 'regression')
    if (!isRed && judged.cells.some((cell) => cell.unconfirmed)) unconfirmed++
    if (isRed) alarms++
    if (has(judged.cells, 'improvement')) improvements++
    for (const { verdict } of judged.cells) verdicts[verdict]++
  }
  const upper = upperBound(alarms, nights)
  return {
    title,
    ...(deviation !== undefined && { deviation }),
    nights,
    alarms,
    upper,
    improvements,
    extended,
    cost,
    unconfirmed,
    verdicts,
  }
}

export function powerOf({ title, deviation, increase, night: about }: PowerSetting, nights: number): Power {
  const night = { ...about, slower: increase }
  const verdicts = counter()
  const needed: number[] = []
  let cost = 0
  for (let number = 0; number < nights; number++) {
    const { cells, ...judged } = judgeNight(night, random(1, 'power', deviation, increase, number))
    cost += judged.cost / nights
    const hit = cells.find(({ load, metric }) => load === 'load-1' && metric.name === 'typical-p99')
    if (!hit) throw new Error('the night lacks the cell that was made worse')
    verdicts[hit.verdict]++
    if (hit.verdict === 'inconclusive' && hit.needed) needed.push(hit.needed.blocks)
  }
  needed.sort((a, b) => a - b)
  const median = needed[Math.floor(needed.length / 2)]
  return {
    ...(title !== undefined && { title }),
    deviation,
    increase,
    nights,
    cost,
    verdicts,
    needed: { named: needed.length, ...(median !== undefined && { median }) },
  }
}

function has(cells: readonly GateCell[], verdict: CellVerdict): boolean {
  return cells.some((cell) => cell.verdict === verdict)
}

function counter(): Record<CellVerdict, number> {
  return Object.fromEntries(CELL_VERDICTS.map((verdict) => [verdict, 0])) as Record<CellVerdict, number>
}
