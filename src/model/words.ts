import type { Analysis, JudgedTrial, ScriptPart, Standing } from './analysis.ts'
import type { Load } from './scenario.ts'
import { formatNumber, formatShare } from './units.ts'
import type { Host } from './usage.ts'

/** "1 block", "4 blocks", "12,000 requests". */
export function count(n: number, noun: string): string {
  return `${formatNumber(n, 9)} ${noun}${n === 1 ? '' : 's'}`
}

/** "16 connections", "16 connections from 4 load generators". */
export function connectionWords({ connections, generators = 1 }: Pick<Load, 'connections' | 'generators'>): string {
  const own = count(connections, 'connection')
  return generators === 1 ? own : `${own} from ${count(generators, 'load generator')}`
}

/** Capitalises the first letter, except in names of percentiles. */
export function capital(text: string): string {
  return /^p\d/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  const last = items.at(-1)
  if (last === undefined) return ''
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

/** A part of a script: "login", "shop › list". */
export function partName({ kind, path }: Pick<ScriptPart, 'kind' | 'path'>): string {
  if (kind === 'iteration') return 'one iteration'
  return path.length === 0 ? 'in no group' : path.join(' › ')
}

/** The text of a standing in tables and charts. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  baseline: 'baseline',
  higher: 'higher',
  lower: 'lower',
  'no-difference': 'no relevant difference',
  'within-noise': 'within the noise of equal arms',
  undecided: 'too noisy to say',
  'no-data': 'no data',
}

/** Thresholds below which strain is not reported: milliseconds of pressure per second, events per second, share of the cores. */
const LITTLE = { pressure: 1, events: 0.5, stolen: 0.001 }

/** What tasks of a host waited for during a window besides CPU: "17 ms/s of memory pressure", "12 major faults/s". */
export function strainWords(host: Host | undefined, seconds: number): string[] {
  if (!host) return []
  const { pressure = {}, majorFaults = 0, swappedOut = 0, stolenCores = 0, cores } = host
  const pressures = (['memory', 'io'] as const).flatMap((resource) => {
    const rate = (1000 * (pressure[resource]?.some ?? 0)) / seconds
    return rate < LITTLE.pressure ? [] : [`${formatNumber(rate, 2)} ms/s of ${resource} pressure`]
  })
  const events = (name: string, count: number) =>
    count / seconds < LITTLE.events ? [] : [`${formatNumber(count / seconds, 2)} ${name}/s`]
  return [
    ...pressures,
    ...events('major faults', majorFaults),
    ...events('pages swapped out', swappedOut),
    ...(stolenCores / cores < LITTLE.stolen ? [] : [`${formatShare(stolenCores / cores)} stolen`]),
  ]
}

/** How many trials of a run are valid: "58 of 60 trials valid: 1 invalid, 1 failed". */
export function validityWords({ trials, missing, validTrials, plannedTrials }: Validity): string {
  const having = (status: JudgedTrial['status']) => trials.filter((trial) => trial.status === status).length
  const rest = [
    [having('invalid'), 'invalid'],
    [having('failed'), 'failed'],
    [missing.length, 'not run'],
  ] as const
  const shortfall = rest.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ')
  return `${validTrials} of ${count(plannedTrials, 'trial')} valid${shortfall === '' ? '' : `: ${shortfall}`}`
}

/** The problem if too small a share of the planned trials is valid; undefined otherwise. */
export function validityGap(validity: Validity, least: number): string | undefined {
  const share = validity.validTrials / Math.max(1, validity.plannedTrials)
  if (share >= least) return undefined
  return `${validityWords(validity)}. That is ${formatShare(share)}; --min-valid requires ${formatShare(least)}.`
}

/** The remedy for too few valid trials. */
export const VALIDITY_REMEDY =
  'Fix the cause shown for each trial that is not valid, and measure again; meshbench run --resume runs the trials that did not run.'

type Validity = Pick<Analysis, 'trials' | 'missing' | 'validTrials' | 'plannedTrials'>

/** A command line as a POSIX shell takes it. */
export function commandText(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}

const ENDED = /[.!?:]$/

/** What failed and why, as one sentence: messages of programs may have no period. */
export function failureSentence(message: string, cause?: string): string {
  const text = cause === undefined ? message : `${message}${ENDED.test(message) ? '' : ':'} ${cause}`
  return ENDED.test(text) ? text : `${text}.`
}
