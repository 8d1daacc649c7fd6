import type { Analysis, Cell, MetricInfo } from '../model/analysis.ts'
import type { Limits, Waiver } from '../model/limits.ts'
import type { BudgetCheck, Objection, WaiverUse } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { coversNothing } from './objections.ts'
import { covers, type Place, placeText, waiverOf } from './read-limits.ts'
import { amountOf } from './sentences.ts'

/** Checks absolute limits against the worse end of the 95 % interval, so that a lucky mean does not keep a budget. */
export function checkBudgets(
  { cells, metrics }: Pick<Analysis, 'cells' | 'metrics'>,
  limits: Limits,
  { today, spoiled }: { today: string; spoiled: (cell: Cell) => boolean },
): { budgets: BudgetCheck[]; objections: Objection[] } {
  const infos = new Map(metrics.map((info) => [info.name, info]))
  const budgets: BudgetCheck[] = []
  const objections: Objection[] = []
  for (const [pattern, quantity] of Object.entries(limits.budgets)) {
    const covered = cells.filter((cell) => covers(pattern, cell))
    if (covered.length === 0) objections.push(coversNothing('budgets', pattern))
    for (const cell of covered) {
      const info = infos.get(cell.metric)
      if (!info) continue
      if (quantity.unit !== info.unit) objections.push(otherUnit(cell, quantity.text, info))
      else budgets.push(check(cell, info, quantity.value, { limits, today, spoiled: spoiled(cell) }))
    }
  }
  return { budgets, objections }
}

function otherUnit(cell: Cell, written: string, { title, unit }: MetricInfo): Objection {
  return {
    rule: 'budget-unit',
    message: `The budget of ${placeText(cell)} is ${written}, but ${title} is in ${unit}.`,
    remedy:
      'Write a latency as 12ms, memory as 60MiB, throughput as 500/s, CPU per million requests as a plain number.',
    spoils: false,
  }
}

function check(
  cell: Cell,
  metric: MetricInfo,
  limit: number,
  { limits, today, spoiled }: { limits: Limits; today: string; spoiled: boolean },
): BudgetCheck {
  const { arm, load, estimate } = cell
  const bound = metric.better === 'lower' ? estimate?.hi : estimate?.lo
  const enough = bound !== undefined && cell.values.length >= limits.blocks.minValid && !spoiled
  const verdict = !enough
    ? 'invalid'
    : (metric.better === 'lower' ? bound <= limit : bound >= limit)
      ? 'kept'
      : 'broken'
  const show = amountOf(metric)
  const what = `${metric.title} of ${arm} under ${load}`
  const message = enough
    ? `${what} is ${show(estimate?.center ?? Number.NaN)}, its bound ${show(bound)}: the budget of ${show(limit)} is ${verdict}.`
    : `${what} has ${count(cell.values.length, 'usable trial')}; a budget needs ${limits.blocks.minValid}.`
  const waived = verdict === 'broken' && waiverOf(limits.waivers, cell, today) !== undefined
  return { arm, load, metric, limit, ...(estimate && { estimate }), verdict, waived, message }
}

/** Whether each waiver was used. `failing`: the cells that would decide the exit code without waivers. */
export function waiverUses(waivers: readonly Waiver[], failing: readonly Place[], today: string): WaiverUse[] {
  return waivers.map((waiver) => {
    const cells = failing.filter((place) => covers(waiver.match, place)).map(placeText)
    const state = waiver.until < today ? 'expired' : cells.length > 0 ? 'used' : 'unused'
    return { ...waiver, state, cells: state === 'used' ? cells : [] }
  })
}
