import { noiseBand } from '../compare/standing.ts'
import type { Analysis, Estimate, MetricInfo, RunRecord } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
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
import type { GateCell } from '../model/verdict.ts'
import { count } from '../model/words.ts'

type Said = Omit<GateCell, 'message' | 'reproduce'>

/** The result of a cell with its figures, as one sentence. `why`: the reason why it was not judged. */
export function cellSentence(cell: Said, noise: Analysis['noise'], why: string | undefined): string {
  const { arm, load, metric, ratio } = cell
  const what = `${metric.title} of ${arm} under ${load}`
  if (why !== undefined) return `${what} was not judged: ${why}`
  if (!ratio)
    return `${what} is undecided: ${count(cell.blocks.planned, 'block')}, ${neededText(cell.needed, 'blocks')}.`
  return `${what} ${claimOf(cell)} (${[...figuresOf(cell, ratio), ...noiseOf(cell, noise)].join(', ')}).`
}

function claimOf({ verdict, suspected, unconfirmed, breach, reference, ratio }: Said): string {
  const change = formatChange(ratio?.center ?? Number.NaN)
  const against = `${change} against ${reference}`
  switch (verdict) {
    case 'regression':
      return `is worse: ${against}`
    case 'improvement':
      return `is better: ${against}`
    case 'pass':
      return `is within its margin: ${against}`
    default:
      if (breach) return `is worse for the first time: ${against}; a second run in a row makes it a regression`
      if (unconfirmed) return `is probably worse, but not confirmed: ${against}`
      return suspected ? `looks worse, to be confirmed by more blocks: ${against}` : `is undecided: ${against}`
  }
}

function figuresOf(cell: Said, ratio: Estimate): string[] {
  const { blocks, difference, adjusted, metric, needed, basis, cohorts, verdict, bound } = cell
  const interval = formatChanges(ratio)
  const isOpen = verdict === 'inconclusive' && !cell.suspected
  const show = amountOf(metric)
  const chance = adjusted && (verdict === 'improvement' ? adjusted.better : adjusted.worse)
  return [
    ...(interval === undefined ? [] : [`${LEVEL_TEXT} interval ${interval}`]),
    ...(difference
      ? [`${difference.center < 0 ? '−' : '+'}${show(Math.abs(difference.center))} in the arithmetic mean`]
      : []),
    `worse in ${blocks.worse} of ${count(blocks.valid, 'block')}`,
    ...(basis === 'cohorts' ? [`by the scatter of ${count(cohorts, 'cohort')}`] : []),
    ...(basis === 'runs' ? ['by the scatter of runs'] : []),
    ...(isOpen && bound !== undefined ? [`bound ${formatChange(bound)}`] : []),
    ...(chance === undefined || verdict === 'pass' ? [] : [`family p ${chanceText(chance)}`]),
    ...(isOpen ? [neededText(needed, basis)] : []),
    ...(cell.disputed
      ? [
          `single blocks dominate the mean: the rank interval ${verdict === 'inconclusive' ? 'shows a difference' : 'does not confirm it'}`,
        ]
      : []),
  ]
}

function neededText(needed: Said['needed'], basis: Said['basis']): string {
  if (basis === 'runs') return 'more accepted runs or a longer history would decide it'
  if (!needed) return 'the scatter is too large for any number of blocks to decide it'
  return basis === 'cohorts'
    ? `about ${count(needed.cohorts, 'cohort')} in all would decide it`
    : `about ${count(needed.blocks, 'block')} in all would decide it`
}

function chanceText(p: number): string {
  if (p >= 0.001) return formatNumber(p, 2)
  return p < 1e-9 ? 'below 1e-9' : p.toExponential(0)
}

function noiseOf({ load, metric }: Said, noise: Analysis['noise']): string[] {
  const floors = noise.filter((floor) => floor.load === load && floor.metric === metric.name)
  return floors.length === 0 ? [] : [`two equal arms differ by up to ${formatChange(noiseBand(floors))}`]
}

/** The command line that measures one cell again with the seed of this run. */
export function reproduceCommand(
  { run }: Pick<RunRecord, 'run'>,
  { arm, reference, load }: Said,
  blocks: number,
): string {
  const { scenario, cohorts } = run.plan
  const named = run.provenance.commandLine[2]
  const file = named === undefined || named.startsWith('-') ? scenario.name : named
  const arms = scenario.arms.some(({ name }) => name === reference) ? `${arm},${reference}` : arm
  const perCohort = Math.ceil(blocks / cohorts.length)
  const again = cohorts.length > 1 ? ` --cohorts ${cohorts.length}` : ''
  return `meshbench run ${quoted(file)} --platform ${run.provenance.platform} --arms ${arms} --loads ${load} --blocks ${perCohort}${again} --seed ${scenario.seed}`
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** How values of a metric are formatted. */
export function amountOf({ unit }: Pick<MetricInfo, 'unit'>): (value: number) => string {
  if (unit === 'seconds') return formatLatency
  if (unit === 'seconds-per-minute') return formatPerMinute
  if (unit === 'bytes') return formatSize
  if (unit === 'per-second') return (value) => formatRate(Number(value.toPrecision(3)))
  if (unit === 'cores') return formatCores
  if (unit === 'requests') return (value) => `${formatNumber(value)} requests`
  if (unit === 'series') return (value) => `${formatNumber(value)} series`
  return (value) => `${formatNumber(value)} CPU-seconds per million requests`
}
