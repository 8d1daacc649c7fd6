import { capacityStatements } from '../analyse/capacity/capacity-words.ts'
import { meshes } from '../meshes/index.ts'
import type { Analysis, Cell, Estimate, MetricInfo } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import { BLOCKS_TO_DECIDE } from '../model/plan.ts'
import { baselineOf, isOperated, type Scenario } from '../model/scenario.ts'
import {
  formatChange,
  formatChanges,
  formatCores,
  formatLatency,
  formatNumber,
  formatPerMinute,
  formatRate,
  formatSize,
} from '../model/units.ts'
import { capital, count } from '../model/words.ts'

/** One sentence for every arm and load about one metric, with the level of the baseline first; one in all where nothing was measured. */
export function statements(analysis: Analysis, metric: string): string[] {
  if (analysis.validTrials === 0) return ['No trial is valid, so nothing can be compared.']
  const { capacities, cells, record } = analysis
  if (capacities.length > 0) {
    return capacities.flatMap((one) => capacityStatements(record.run.plan.scenario, one, cells))
  }
  const operated = record.run.plan.scenario.loads.some(isOperated)
  const told = operated ? 'operation-errors' : metric
  const isSkipped = ({ arm, load }: Cell) =>
    record.run.plan.scenario.loads.some(({ name, skipped }) => name === load && skipped?.[arm] !== undefined)
  return analysis.cells
    .filter((cell) => cell.metric === told && !isSkipped(cell))
    .map((cell) => statement(analysis, cell))
}

/** The result of a cell as one sentence with its figures. */
function statement(analysis: Analysis, cell: Cell): string {
  const { scenario } = analysis.record.run.plan
  const metric = analysis.metrics.find(({ name }) => name === cell.metric)
  if (!metric) throw new TypeError(`the analysis has no metric ${cell.metric}`)
  const what = nounOf(metric)
  const where = whereOf(scenario, cell.load)
  const base = baselineTitle(scenario)
  const figures = figuresOf(cell)
  switch (cell.standing) {
    case 'no-data':
      return `No valid trial of ${cell.arm} has a value for ${what} ${where}.`
    case 'baseline':
      return `${capital(what)} of ${cell.arm} is ${formatOf(metric)(cell.estimate?.center ?? Number.NaN)} ${where} (${cell.mean ?? 'geometric'} mean, ${count(cell.values.length, 'trial')}).`
    case 'undecided':
      return undecided(cell, `${cell.arm} differs from ${base} in ${what} ${where}`)
    case 'no-difference':
      return `${cell.arm} shows no relevant difference from ${base} in ${what} ${where}${figures}.`
    case 'within-noise':
      return `${cell.arm} differs from ${base} in ${what} ${where} by no more than equal arms do${figures}.`
    default:
      return `${cell.arm} ${changeOf(metric, cell)} ${where}${figures}.`
  }
}

/** Why a cell is undecided: too few blocks, or too wide an interval. */
function undecided(cell: Cell, whether: string): string {
  const n = (cell.ratio ?? cell.difference)?.n ?? 0
  if (n === 0) return `It is unknown whether ${whether}: no block has a valid trial of both.`
  if (n < BLOCKS_TO_DECIDE) {
    return `Too few blocks to say whether ${whether} (${n} of at least ${BLOCKS_TO_DECIDE})${neededText(cell)}.`
  }
  return `Too noisy to say whether ${whether}${figuresOf(cell)}${neededText(cell)}.`
}

/** "adds 0.61 ms to p99", "takes 54 MiB more memory". */
function changeOf(metric: MetricInfo, { standing, difference }: Cell): string {
  const more = standing === 'higher'
  const amount = formatOf(metric)(Math.abs(difference?.center ?? Number.NaN))
  if (metric.unit === 'seconds') return `${more ? 'adds' : 'takes'} ${amount} ${more ? 'to' : 'off'} ${nounOf(metric)}`
  const comparative = more ? 'more' : ['per-second', 'series'].includes(metric.unit) ? 'fewer' : 'less'
  if (metric.unit === 'per-second') return `answers ${amount} ${comparative}`
  if (metric.unit === 'seconds-per-minute') return `stalls for ${amount} ${comparative}`
  if (metric.unit === 'requests') return `has ${amount} ${comparative} (${nounOf(metric)})`
  if (metric.unit === 'series') return `has ${amount} ${comparative}`
  if (metric.unit === 'bytes') return `takes ${amount} ${comparative} memory`
  if (metric.unit === 'cores') return `uses ${amount} ${comparative} without load`
  return `costs ${amount} ${comparative} per million requests`
}

function nounOf({ name, title, unit, quantile }: MetricInfo): string {
  if (unit !== 'seconds') return title.startsWith('CPU') ? title : decapital(title)
  return quantile === undefined || name.startsWith('service-') ? decapital(title) : title.replace(' latency', '')
}

function formatOf({ unit }: MetricInfo): (value: number) => string {
  if (unit === 'seconds') return formatLatency
  if (unit === 'bytes') return formatSize
  if (unit === 'seconds-per-minute') return formatPerMinute
  if (unit === 'per-second') return (value) => formatRate(Number(value.toPrecision(3)))
  if (unit === 'cores') return formatCores
  if (unit === 'requests') return (value) => `${formatNumber(value)} requests`
  if (unit === 'series') return (value) => `${formatNumber(value)} metric series`
  return (value) => `${formatNumber(value)} CPU-seconds`
}

/** "; about 14 blocks in all would decide it", "; about 5 cohorts of 4 blocks would decide it" */
function neededText({ needed, basis, ratio, difference }: Cell): string {
  if (!needed) return ''
  if (basis?.unit !== 'cohorts') return `; about ${count(needed.blocks, 'block')} in all would decide it`
  const each = Math.max(1, Math.round(((ratio ?? difference)?.n ?? 0) / basis.cohorts))
  return `; about ${count(needed.cohorts, 'cohort')} of ${count(each, 'block')} would decide it`
}

/** " (+54 %, 95 % interval +41 % … +69 %, 4 blocks)" */
function figuresOf({ ratio, difference, basis }: Cell): string {
  const n = (ratio ?? difference)?.n
  if (n === undefined) return ''
  const figures = ratio ? [formatChange(ratio.center), ...intervalOf(ratio)] : []
  return ` (${[...figures, count(n, 'block'), ...basisOf(basis)].join(', ')})`
}

/** What the interval holds for, where it is not the number of blocks alone. */
function basisOf(basis: Cell['basis']): string[] {
  const inside = basis?.error === undefined ? [] : ['the error of the counters included']
  if (basis?.onlyHere) return ['this provisioning only', ...inside]
  return [...(basis?.unit === 'cohorts' ? [count(basis.cohorts, 'cohort')] : []), ...inside]
}

function intervalOf(ratio: Estimate): string[] {
  const interval = formatChanges(ratio)
  return interval === undefined ? [] : [`${LEVEL_TEXT} interval ${interval}`]
}

/** Names a load by its rate if no other load has that rate, otherwise by its name. */
function whereOf({ loads }: Scenario, name: string): string {
  const load = loads.find((one) => one.name === name)
  const alone = load && loads.filter(({ rate }) => rate === load.rate).length === 1
  return alone && load.rate !== 'max' ? `at ${formatRate(load.rate)}` : `under ${name}`
}

function baselineTitle(scenario: Scenario): string {
  const { name, mesh } = baselineOf(scenario)
  return name === mesh ? decapital(meshes[mesh]?.title ?? name) : name
}

function decapital(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
