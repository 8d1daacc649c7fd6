import { noiseBand, provisions } from '../compare/standing.ts'
import type { Analysis, Estimate, MetricInfo, RunRecord } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import type { Limits } from '../model/limits.ts'
import {
  formatChange,
  formatChanges,
  formatCores,
  formatLatency,
  formatNumber,
  formatPerMinute,
  formatRate,
  formatShare,
  formatSize,
} from '../model/units.ts'
import type { GateCell, Objection } from '../model/verdict.ts'
import { count, list } from '../model/words.ts'
import type { Compared } from './compared.ts'
import type { ComparedOrNot } from './judge.ts'
import { type Place, waiverOf } from './read-limits.ts'
import type { Pinned } from './reference.ts'

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

interface About {
  readonly objections: readonly Objection[]
  readonly limits: Limits
  readonly pinned?: Pinned
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
}

/** Share of the planned blocks that a verdict needs at least: the other ones may have been lost for what they showed. */
const ENOUGH = 0.8

/** An improvement to less than this share is rather a lost unit or a part that was not measured. */
const TOO_GOOD = 0.2

/** Why a cell cannot be judged, if so. A cell that is not judged never passes. */
export function whyNot(compared: Compared, analysis: Analysis, about: About): Pick<ComparedOrNot, 'why'> {
  const reference = about.pinned ? about.pinned.baseline : compared.reference
  const objection = about.objections.find((one) => one.spoils && concerns(one, { ...compared, reference }))
  if (objection) return because(objection.message)
  return ofBlocks({ ...compared, reference }, analysis, about) ?? ofFigures(compared, analysis, about) ?? {}
}

function because(message: string, rule = 'no-data'): Required<Pick<ComparedOrNot, 'why'>> {
  return { why: { rule, message } }
}

function ofBlocks({ arm, reference, load, metric, blocks, lost }: Compared, analysis: Analysis, { limits }: About) {
  const { minValid } = limits.blocks
  const least = Math.max(minValid, Math.ceil(ENOUGH * blocks.planned))
  if (blocks.planned === 0) return because(`no block has both ${arm} and ${reference} under ${load}.`)
  if (blocks.planned < minValid) {
    const message = `the plan has ${count(blocks.planned, 'block')}; a verdict needs at least ${minValid}.`
    return because(message, 'too-few-blocks')
  }
  if (blocks.valid < least) {
    const both = `valid trials of both ${arm} and ${reference}`
    const silent = silentIn(analysis, [arm, reference], { load, metric })
    return because(
      `${both}${silent > 0 ? ` with a value of ${metric}` : ''} are in ${blocks.valid} of ${count(blocks.planned, 'block')}; a verdict needs at least ${least}${lostTo(analysis, [arm, reference], load)}.`,
    )
  }
  if (Math.abs(lost.candidate - lost.reference) <= 1) return undefined
  const [more, which] = lost.candidate > lost.reference ? [arm, 'better'] : [reference, 'worse']
  return because(
    `${arm} lost ${lost.candidate} blocks and ${reference} ${lost.reference}: the remaining blocks of ${more} may be its ${which} ones.`,
  )
}

function ofFigures(compared: Compared, analysis: Analysis, { pinned, limits: { waivers }, today }: About) {
  const { record } = analysis
  const { effect, cohorts, limits, arm, reference } = compared
  if (!effect)
    return because(
      pinned
        ? 'the pinned reference has too few blocks of it.'
        : 'a value is 0 or below, so there is no ratio. For CPU, the load adds less than the scatter of idle CPU: use a higher rate or a longer window.',
    )
  if (pinned && !effect.byRuns) {
    return because(
      'the normal difference between runs is unknown. Accept several runs as the reference, keep a history, or set `runSpread` in gate.defaults.',
      'run-spread-unknown',
    )
  }
  const tooWide = tooWideFor(compared, analysis)
  if (tooWide !== undefined) return because(tooWide, 'limits-too-wide')
  // Positive is worse.
  if (effect.center < Math.log(TOO_GOOD) && !waiverOf(waivers, compared, today)) {
    const change = formatChange(Math.exp(compared.direction * effect.center))
    return because(
      `${arm} is better than ${reference} by more than is plausible (${change}): a unit is wrong, or a part was not measured. If it is real, waive it.`,
      'implausible-improvement',
    )
  }
  // The spread between runs includes the spread between clusters.
  if (cohorts < 2 && !limits.spread && !pinned && provisions(record)) {
    return because('all blocks ran on one provisioning, and no spread between clusters is given.')
  }
  return undefined
}

/** Limits of this cell, by all rules together, that let it pass whatever it is. */
function tooWideFor({ limits, info, reference, load, metric }: Compared, { cells }: Analysis): string | undefined {
  const { margin, minEffect, minAbsolute } = limits
  if (minEffect > margin) {
    return `its minEffect of ${formatShare(minEffect)} is above its margin of ${formatShare(margin)}, so a cell outside of its margin would be no regression.`
  }
  const cell = cells.find((one) => one.arm === reference && one.load === load && one.metric === metric)
  const level = cell?.estimate?.center
  if (level === undefined || minAbsolute.unit !== info.unit) return undefined
  const floor = minAbsolute.value
  if (floor <= LEAST_FLOOR || floor <= level) return undefined
  return `its minAbsolute of ${minAbsolute.text} is above the value of ${reference} itself, ${amountOf(info)(level)}: twice as much would pass.`
}

/** The default of minAbsolute, which suits every latency, in seconds. */
const LEAST_FLOOR = 20e-6

/** How many valid trials of the arms have no value of the metric. */
function silentIn({ trials, cells }: Analysis, arms: readonly string[], { load, metric }: Omit<Place, 'arm'>): number {
  const isHere = (one: { readonly arm: string; readonly load: string }) => one.load === load && arms.includes(one.arm)
  const valid = trials.filter(({ status, result: { trial } }) => status === 'valid' && isHere(trial)).length
  const told = cells.filter((cell) => cell.metric === metric && isHere(cell)).flatMap(({ values }) => values).length
  return valid - told
}

/** The validity rules that made the trials invalid, in parentheses. */
function lostTo({ trials }: Analysis, arms: readonly string[], load: string): string {
  const lost = trials.filter(
    ({ status, result: { trial } }) => status !== 'valid' && trial.load === load && arms.includes(trial.arm),
  )
  const rules = lost.flatMap(({ problems }) =>
    problems.flatMap(({ rule, severity }) => (severity === 'invalid' ? rule : [])),
  )
  return rules.length === 0 ? '' : ` (${list([...new Set(rules)])})`
}

export function concerns({ arm, load, metric }: Objection, cell: Place & { readonly reference?: string }): boolean {
  return (
    (arm === undefined || arm === cell.arm || arm === cell.reference) &&
    (load === undefined || load === cell.load) &&
    (metric === undefined || metric === cell.metric)
  )
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
