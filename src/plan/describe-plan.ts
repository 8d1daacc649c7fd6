import { LEVEL_TEXT } from '../model/confidence.ts'
import { blockCount, type Costs, MOST_BLOCKS, type Plan, trialsOf } from '../model/plan.ts'
import type { Load } from '../model/scenario.ts'
import { formatChange, formatDuration, formatNumber, formatRate, formatSize } from '../model/units.ts'
import { adviseDesign, type DesignAdvice, type Detectable, type Deviation, detectable } from './detectable.ts'
import { estimate, type TimeEstimate } from './time.ts'

/** The description of a plan before it runs. */
interface PlanDescription {
  readonly scenario: Plan['scenario']
  readonly trials: number
  readonly blocks: number
  /** One row per block, or per arm's part of one: the arms in the order of their visits. */
  readonly orders: readonly { readonly cohort: number; readonly block: number; readonly arms: readonly string[] }[]
  readonly time: TimeEstimate
  readonly detectable: readonly Detectable[]
  /** The best use of the same time, where cohorts are clusters. */
  readonly designs: readonly DesignAdvice[]
}

export function describePlan(plan: Plan, costs: Costs, deviations: readonly Deviation[] = []): PlanDescription {
  const rows = plan.scenario.arms.length < 2 ? [] : detectable(plan, deviations)
  return {
    scenario: plan.scenario,
    trials: trialsOf(plan).length,
    blocks: blockCount(plan),
    orders: plan.cohorts.flatMap(({ cohort, blocks }) =>
      blocks.map(({ block, visits }) => ({ cohort, block, arms: visits.map(({ arm }) => arm) })),
    ),
    time: estimate(plan, costs),
    detectable: rows,
    designs: rows.flatMap((row) => adviseDesign(plan, costs, row) ?? []),
  }
}

/** A plan as plain text. */
export function planLines(plan: PlanDescription): string[] {
  const { scenario, time } = plan
  const counts = [
    count(scenario.arms.length, 'arm'),
    count(scenario.loads.length, 'load'),
    count(plan.blocks, 'block'),
    count(scenario.cohorts, 'cohort'),
  ]
  const share = time.seconds > 0 ? `, ${formatNumber((100 * time.measuring) / time.seconds, 2)} % of it measuring` : ''
  return [
    `${scenario.name}: ${count(plan.trials, 'trial')} (${counts.join(', ')}), seed ${scenario.seed}`,
    `takes about ${formatDuration(time.seconds)}${share}`,
    '',
    'loads, shuffled within each visit',
    ...table(scenario.loads.map(loadRow)),
    '',
    'order of the arms',
    ...table(plan.orders.map(({ cohort, block, arms }) => [`cohort ${cohort}`, `block ${block}`, arms.join(' → ')])),
    ...(plan.detectable.length === 0 ? [] : ['', ...detectableLines(plan.detectable, scenario.cohorts)]),
    ...(plan.designs.length === 0 ? [] : ['', ...designLines(plan.designs)]),
  ]
}

function loadRow(load: Load): string[] {
  return [
    load.name,
    `${load.tool} ${load.protocol}`,
    formatRate(load.rate),
    count(load.connections, 'connection'),
    load.payload === 0 ? 'no body' : formatSize(load.payload),
    `${formatDuration(load.warmup)} warm-up`,
    `${formatDuration(load.duration)} window`,
  ]
}

function detectableLines(rows: readonly Detectable[], cohorts: number): string[] {
  const { alpha, beta, blocks } = rows[0] as Detectable
  return [
    `${percent(1 - beta)} of runs with ${count(blocks, 'block')} detect an arm that differs from the baseline by at least this much (at a two-sided ${percent(2 * alpha)})`,
    ...table(
      rows.map(({ load, metric, ratio, blocksFor, deviation, between, source }) => [
        load,
        metric,
        ratio === undefined ? 'nothing' : formatChange(ratio),
        `+10 % needs ${blocksText(blocksFor.tenPercent)}, +5 % ${blocksText(blocksFor.fivePercent)}`,
        `scatter between blocks ${percent(deviation)}${between > 0 ? `, cohorts ${percent(between)}` : ''} (${source})`,
      ]),
    ),
    ...(cohorts === 1 && rows.some(({ between }) => between > 0)
      ? ['  one cohort: results hold for this provisioning only']
      : []),
  ]
}

function designLines(rows: readonly DesignAdvice[]): string[] {
  return [
    `narrowest ${LEVEL_TEXT} interval in the same ${formatDuration(rows[0]?.seconds ?? 0)}`,
    ...table(
      rows.map(({ load, metric, cohorts, blocks, window, half, planned }) => [
        load,
        metric,
        `${count(cohorts, 'cohort')} × ${count(blocks, 'block')} × ${formatDuration(window)}`,
        `±${percent(half - 1)}`,
        `as planned ±${percent(planned - 1)}`,
      ]),
    ),
  ]
}

function blocksText(blocks: number): string {
  return blocks > MOST_BLOCKS ? `more than ${MOST_BLOCKS}` : count(blocks, 'block')
}

function percent(share: number): string {
  return `${formatNumber(share * 100)} %`
}

function count(n: number, thing: string): string {
  return `${formatNumber(n, 6)} ${thing}${n === 1 ? '' : 's'}`
}

/** Columns padded to their widest cell, indented by two. */
function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(width(column))).join('  ')}`.trimEnd())
}
