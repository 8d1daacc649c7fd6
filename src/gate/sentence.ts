import { noiseBand } from '../analyse/noise-floor.ts'
import { count } from '../analyse/wording.ts'
import type { Analysis, Estimate, RunRecord } from '../model/analysis.ts'
import { formatChange, formatChanges, formatNumber } from '../model/units.ts'
import type { GateCell } from '../model/verdict.ts'
import { amountOf } from './amount.ts'

type Said = Omit<GateCell, 'sentence' | 'reproduce'>

/** What was found of a cell, with its figures, in one plain sentence. `why`: what kept it from being judged. */
export function cellSentence(cell: Said, noise: Analysis['noise'], why: string | undefined): string {
  const { arm, load, metric, ratio } = cell
  const what = `${metric.title} of ${arm} under ${load}`
  if (why !== undefined) return `${what} was not judged: ${why}`
  if (!ratio)
    return `${what} is undecided: ${count(cell.blocks.planned, 'block')}, ${neededText(cell.needed, 'blocks')}.`
  return `${what} ${claimOf(cell)} (${[...figuresOf(cell, ratio), ...noiseOf(cell, noise)].join(', ')}).`
}

function claimOf({ verdict, suspected, breach, reference, ratio, metric }: Said): string {
  const change = formatChange(ratio?.center ?? Number.NaN)
  const against = `${change} against ${reference}`
  const worse = (ratio?.center ?? 1) > 1 === (metric.better === 'lower')
  switch (verdict) {
    case 'regression':
      return `is worse: ${against}`
    case 'improvement':
      return `is better: ${against}`
    case 'pass':
      return `has not become worse by as much as its margin: ${against}`
    default:
      if (breach) return `is worse for the first time: ${against}; a second night in a row makes it a regression`
      return suspected
        ? `looks ${worse ? 'worse' : 'better'}, which more blocks must confirm: ${against}`
        : `is undecided: ${against}`
  }
}

function figuresOf(cell: Said, ratio: Estimate): string[] {
  const { blocks, difference, adjusted, metric, needed, basis, cohorts, verdict, bound } = cell
  const interval = formatChanges(ratio)
  const isOpen = verdict === 'inconclusive' && !cell.suspected
  const show = amountOf(metric)
  const chance = adjusted && (verdict === 'improvement' ? adjusted.better : adjusted.worse)
  return [
    ...(interval === undefined ? [] : [`95 % interval ${interval}`]),
    ...(difference
      ? [`${difference.center < 0 ? '−' : '+'}${show(Math.abs(difference.center))} in the arithmetic mean`]
      : []),
    `worse in ${blocks.worse} of ${count(blocks.valid, 'block')}`,
    ...(basis === 'cohorts' ? [`by the scatter of ${count(cohorts, 'cohort')}`] : []),
    ...(basis === 'nights' ? ['by what nights differ by'] : []),
    ...(isOpen && bound !== undefined ? [`bound ${formatChange(bound)}`] : []),
    ...(chance === undefined || verdict === 'pass' ? [] : [`family p ${chanceText(chance)}`]),
    ...(isOpen ? [neededText(needed, basis)] : []),
    ...(cell.disputed ? ['single blocks pull at the mean: the rank interval does not find it'] : []),
  ]
}

function neededText(needed: Said['needed'], basis: Said['basis']): string {
  if (basis === 'nights') return 'more accepted runs or a longer history would tell nights apart'
  if (!needed) return 'no number of blocks decides this at such a scatter'
  return basis === 'cohorts'
    ? `some ${count(needed.cohorts, 'cohort')} in all would decide it`
    : `some ${count(needed.blocks, 'block')} in all would decide it`
}

function chanceText(p: number): string {
  if (p >= 0.001) return formatNumber(p, 2)
  return p < 1e-9 ? 'below 1e-9' : p.toExponential(0)
}

function noiseOf({ load, metric }: Said, noise: Analysis['noise']): string[] {
  const floors = noise.filter((floor) => floor.load === load && floor.metric === metric.name)
  return floors.length === 0 ? [] : [`two equal arms differ by up to ${formatChange(noiseBand(floors))}`]
}

/** A command line that measures one cell again, with the orders of this run. */
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
