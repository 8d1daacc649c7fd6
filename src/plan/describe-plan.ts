import { LEVEL_TEXT } from '../model/confidence.ts'
import { blockCount, type Costs, MOST_BLOCKS, type Plan, trialsOf } from '../model/plan.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import {
  formatChange,
  formatDuration,
  formatLatency,
  formatNumber,
  formatRate,
  formatShare,
  formatSize,
} from '../model/units.ts'
import { connectionWords } from '../model/words.ts'
import {
  adviseDesign,
  type DesignAdvice,
  type Detectable,
  type Deviation,
  detectable,
  gatePairs,
} from './detectable.ts'
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
export function planLines(plan: PlanDescription, { verbose = false } = {}): string[] {
  const { scenario, time } = plan
  const counts = [
    count(scenario.arms.length, 'arm'),
    count(scenario.loads.length, 'load'),
    count(plan.blocks, 'block'),
    count(scenario.cohorts, 'cohort'),
  ]
  const share = time.seconds > 0 ? `, ${formatNumber((100 * time.measuring) / time.seconds, 2)} % of it measuring` : ''
  const isSearched = scenario.loads.some(({ capacity }) => capacity)
  const noun = isSearched ? ['search', 'searches'] : ['trial', 'trials']
  return [
    `${scenario.name}: ${plan.trials} ${noun[plan.trials === 1 ? 0 : 1]} (${counts.join(', ')}), seed ${scenario.seed}`,
    `takes about ${formatDuration(time.seconds)}${share}`,
    '',
    'loads, shuffled within each visit',
    ...table(scenario.loads.map(loadRow)),
    '',
    ...skippedLines(scenario),
    'order of the arms',
    ...table(plan.orders.map(({ cohort, block, arms }) => [`cohort ${cohort}`, `block ${block}`, arms.join(' → ')])),
    ...(plan.detectable.length === 0 ? [] : ['', ...detectableLines(plan.detectable, scenario, verbose)]),
    ...designLines(plan.designs),
  ]
}

function loadRow(load: Load): string[] {
  return [
    load.name,
    `${load.tool} ${load.protocol}`,
    load.shape === undefined ? rateText(load) : `shape ${load.shape}`,
    connectionWords(load),
    load.script ?? load.request?.path ?? (load.payload === 0 ? 'no body' : formatSize(load.payload)),
    `${formatDuration(load.warmup)} warm-up`,
    `${formatDuration(load.duration)} window`,
    ...(load.operation === undefined ? [] : [`${load.operation} at ${formatDuration(load.operationAt ?? 0)}`]),
  ]
}

/** Arms that cannot have an operation. */
function skippedLines({ loads }: Scenario): string[] {
  const rows = loads.flatMap(({ name, skipped = {} }) => Object.entries(skipped).map(([arm, why]) => [name, arm, why]))
  return rows.length === 0 ? [] : ['not measured', ...table(rows), '']
}

function rateText({ rate, capacity }: Load): string {
  if (!capacity) return formatRate(rate)
  const { p99, errors, min, max, width } = capacity
  return `highest rate from ${formatRate(min)} to ${formatRate(max)} with p99 of ${formatLatency(p99)} and errors of ${formatShare(errors)} at most, to within ${formatShare(width)}`
}

/** What the planned blocks can show, in words; the scatter that it rests on only where `verbose`. */
function detectableLines(rows: readonly Detectable[], scenario: Scenario, verbose: boolean): string[] {
  const { alpha, beta, blocks } = rows[0] as Detectable
  return [
    `what ${count(blocks, 'block')} can show: a difference ${differenceText(scenario)} that is found in ${percent(1 - beta)} of runs, at ${percent(2 * alpha)} of false findings`,
    ...table(
      rows.map(({ load, metric, ratio, blocksFor, deviation, between, source }) => [
        load,
        metric,
        effectText(ratio),
        moreText(ratio, blocksFor),
        verbose
          ? `scatter between blocks ${percent(deviation)}${between > 0 ? `, cohorts ${percent(between)}` : ''} (${source})`
          : `(${source.split(':')[0]})`,
      ]),
    ),
    ...(scenario.cohorts === 1 && rows.some(({ between }) => between > 0)
      ? ['  one cohort: results hold for this provisioning only']
      : []),
  ]
}

/** Between which arms: those that the gate of the scenario compares, otherwise each and the baseline. */
function differenceText(scenario: Scenario): string {
  const [first, ...more] = gatePairs(scenario)
  if (!first) return 'from the baseline'
  const [arm, reference] = first
  return more.length === 0
    ? `of ${arm.name} from its reference ${reference.name}`
    : `of a candidate from its reference (${[first, ...more].map(([one, other]) => `${one.name} from ${other.name}`).join(', ')})`
}

/** Larger ones are told as a multiple. */
const MOST_PERCENT = 2
/** A difference beyond this is none that anybody measures for. */
const MOST_RATIO = 100

function effectText(ratio: number | undefined): string {
  if (ratio === undefined) return 'nothing: one block has no interval'
  if (ratio > MOST_RATIO) return `nothing below ×${MOST_RATIO}`
  return ratio < MOST_PERCENT ? `${formatChange(ratio)} or more would be found` : `only from ×${formatNumber(ratio, 2)}`
}

/** How many blocks find less; nothing where the plan finds it already. */
function moreText(ratio = Number.POSITIVE_INFINITY, { tenPercent, fivePercent }: Detectable['blocksFor']): string {
  const parts = [
    ...(ratio > 1.1 ? [`+10 % needs ${blocksText(tenPercent)}`] : []),
    ...(ratio > 1.05 && tenPercent <= MOST_BLOCKS ? [`+5 % needs ${blocksText(fivePercent)}`] : []),
  ]
  return parts.join(', ')
}

/** A split of the time that is hardly better is no advice. */
const WORTHWHILE = 0.9

function designLines(all: readonly DesignAdvice[]): string[] {
  const rows = all.filter(({ half, planned }) => Math.log(half) < WORTHWHILE * Math.log(planned))
  if (rows.length === 0) return []
  return [
    '',
    `the same ${formatDuration(rows[0]?.seconds ?? 0)} give narrower ${LEVEL_TEXT} intervals if they are divided in another way`,
    ...table(
      rows.map(({ load, metric, cohorts, blocks, window, half, planned }) => [
        load,
        metric,
        `${count(cohorts, 'cohort')} of ${count(blocks, 'block')}, ${formatDuration(window)} a trial`,
        `${halfText(half)} instead of ${halfText(planned)}`,
      ]),
    ),
  ]
}

/** Half of an interval of ratios: "±15 %", and beyond a doubling "×÷2.3". */
function halfText(half: number): string {
  return half < MOST_PERCENT ? `±${percent(half - 1)}` : `×÷${formatNumber(half, 2)}`
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
