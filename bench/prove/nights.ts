import type { Limits } from '../../src/model/limits.ts'
import { CELL_VERDICTS, type CellVerdict, type GateCell } from '../../src/model/verdict.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { clopperPearson } from '../../src/stats/clopper-pearson.ts'
import { random } from '../../src/stats/random.ts'
import type { Bank } from './bank.ts'
import { judgeNight, type NightAbout } from './night.ts'
import { flipped, modelled } from './noise.ts'

export type Verdicts = Readonly<Record<CellVerdict, number>>

export interface Setting {
  readonly title: string
  /** s_D, where the noise has one. */
  readonly deviation?: number
  readonly night: NightAbout
}

/** Nights in which nothing differs. */
export interface Nulls {
  readonly title: string
  readonly deviation?: number
  readonly nights: number
  /** Nights with a regression in any cell; `upper`: one-sided 95 % bound of their share (Clopper and Pearson). */
  readonly alarms: number
  readonly upper: number
  /** Nights that found an improvement, which is as wrong. */
  readonly improvements: number
  readonly extended: number
  readonly verdicts: Verdicts
}

/** Nights in which one of 36 cells is worse. */
export interface Power {
  readonly deviation: number
  readonly increase: number
  readonly nights: number
  /** Of that cell. */
  readonly verdicts: Verdicts
  /** Of the nights in which it was inconclusive: how many named the blocks that would decide, and the median of these. */
  readonly needed: { readonly named: number; readonly median?: number }
}

const DEVIATIONS = [0.03, 0.06, 0.12]

export function nullSettings(bank: Bank, isShort: boolean): Setting[] {
  const limits = defaultLimits()
  const local = { limits, platform: 'local', cohorts: 1 } as const
  const plain = DEVIATIONS.flatMap((deviation) =>
    (['normal', 't3'] as const).map((shape) => ({
      title: `${shape} noise`,
      deviation,
      night: { ...local, noise: modelled({ shape, deviation }) },
    })),
  )
  const others: Setting[] = [
    {
      title: 'normal noise, levels drifting by 50 % over the night',
      deviation: 0.06,
      night: { ...local, noise: modelled({ shape: 'normal', deviation: 0.06, drift: 0.5 }) },
    },
    {
      title: 'sign-flipped blocks of real local runs',
      night: { ...local, noise: flipped(bank.rows) },
    },
    {
      title: 'five provisionings of two blocks that differ by 3 % themselves',
      deviation: 0.06,
      night: {
        limits,
        platform: 'kind',
        cohorts: 5,
        noise: modelled({ shape: 'normal', deviation: 0.06, between: 0.03 }),
      },
    },
  ]
  return isShort ? [...plain.slice(2, 4), ...others.slice(1, 2)] : [...plain, ...others]
}

export function nullsOf({ title, deviation, night }: Setting, nights: number): Nulls {
  let [alarms, improvements, extended] = [0, 0, 0]
  const verdicts = counter()
  for (let number = 0; number < nights; number++) {
    const judged = judgeNight(night, random(1, 'null', title, deviation ?? 0, number))
    if (judged.extended) extended++
    if (has(judged.cells, 'regression')) alarms++
    if (has(judged.cells, 'improvement')) improvements++
    for (const { verdict } of judged.cells) verdicts[verdict]++
  }
  const upper = clopperPearson(alarms, nights, 0.9).hi
  return {
    title,
    ...(deviation !== undefined && { deviation }),
    nights,
    alarms,
    upper,
    improvements,
    extended,
    verdicts,
  }
}

export function powerSettings(isShort: boolean): { deviation: number; increase: number; limits: Limits }[] {
  const limits = defaultLimits()
  if (isShort) return [{ deviation: 0.06, increase: 0.1, limits }]
  return DEVIATIONS.flatMap((deviation) =>
    [0.03, 0.05, 0.08, 0.1, 0.15, 0.2].map((increase) => ({ deviation, increase, limits })),
  )
}

export function powerOf(
  { deviation, increase, limits }: ReturnType<typeof powerSettings>[number],
  nights: number,
): Power {
  const night: NightAbout = {
    limits,
    platform: 'local',
    cohorts: 1,
    noise: modelled({ shape: 'normal', deviation }),
    effect: { metric: 'p99', increase },
  }
  const verdicts = counter()
  const needed: number[] = []
  for (let number = 0; number < nights; number++) {
    const { cells } = judgeNight(night, random(1, 'power', deviation, increase, number))
    const hit = cells.find(({ load, metric }) => load === 'load-1' && metric.name === 'p99')
    if (!hit) throw new Error('the night lacks the cell that was made worse')
    verdicts[hit.verdict]++
    if (hit.verdict === 'inconclusive' && hit.needed) needed.push(hit.needed.blocks)
  }
  needed.sort((a, b) => a - b)
  const median = needed[Math.floor(needed.length / 2)]
  return {
    deviation,
    increase,
    nights,
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
