import type { Analysis, CapacityOfLoad, Cell } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { baselineOf, type Scenario } from '../../model/scenario.ts'
import { formatChange, formatChanges, formatLatency, formatNumber, formatRate, formatShare } from '../../model/units.ts'
import { count, STANDING_WORDS } from '../../model/words.ts'

/** "p99 of 10 ms and errors of 0.1 % at most" */
export function goalWords({ p99, errors }: CapacityOfLoad['goal']): string {
  return `p99 of ${formatLatency(p99)} and errors of ${formatShare(errors)} at most`
}

/** "348–397/s"; undefined without an interval. */
export function rateInterval({ lo, hi }: { readonly lo?: number; readonly hi?: number }): string | undefined {
  if (lo === undefined || hi === undefined) return undefined
  return `${formatNumber(Number(lo.toPrecision(3)), 9)}–${shortRate(hi)}`
}

export function shortRate(rate: number): string {
  return formatRate(Number(rate.toPrecision(3)))
}

/** Geometric means of the bounds that the searches of an arm ended with; undefined where none found a capacity. */
export function boundsOfArm(
  { searches }: CapacityOfLoad,
  arm: string,
): { readonly lower: number; readonly upper: number; readonly blocks: number } | undefined {
  const found = searches.filter((search) => search.arm === arm && search.capacity !== undefined)
  if (found.length === 0) return undefined
  const mean = (of: 'lower' | 'upper') =>
    Math.exp(found.reduce((sum, search) => sum + Math.log(search[of] ?? Number.NaN), 0) / found.length)
  return { lower: mean('lower'), upper: mean('upper'), blocks: found.length }
}

/** One sentence for each arm: what it carries, and how that compares with the baseline. */
export function capacityStatements(
  { arms }: Pick<Scenario, 'arms'>,
  { load, goal }: CapacityOfLoad,
  cells: Analysis['cells'],
): string[] {
  const baseline = baselineOf({ arms }).name
  return arms.map(({ name }) => {
    const cell = cells.find((one) => one.arm === name && one.load === load && one.metric === 'capacity')
    if (!cell?.estimate) return `${name}: no search under ${load} found a capacity.`
    const { center, n } = cell.estimate
    const interval = rateInterval(cell.estimate)
    const figures = [...(interval === undefined ? [] : [`${LEVEL_TEXT} interval ${interval}`]), count(n, 'block')]
    const goals = name === baseline ? ` with ${goalWords(goal)}` : ''
    return `${name} carries ${shortRate(center)}${goals} (${figures.join(', ')})${againstWords(cell, baseline)}.`
  })
}

function againstWords({ ratio, standing }: Cell, baseline: string): string {
  if (standing === 'baseline') return ''
  if (!ratio) return `; no block has a capacity of ${baseline} as well`
  const interval = formatChanges(ratio)
  const figures = interval === undefined ? '' : ` (${LEVEL_TEXT} interval ${interval})`
  return `; against ${baseline} ${formatChange(ratio.center)}${figures}: ${STANDING_WORDS[standing]}`
}
