import type { Analysis, JudgedTrial, Standing } from './analysis.ts'
import { formatNumber, formatShare } from './units.ts'
import type { Host } from './usage.ts'

/** "1 block", "4 blocks", "12,000 requests". */
export function count(n: number, noun: string): string {
  return `${formatNumber(n, 9)} ${noun}${n === 1 ? '' : 's'}`
}

/** The beginning of a sentence; names of percentiles stay as they are. */
export function capital(text: string): string {
  return /^p\d/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  const last = items.at(-1)
  if (last === undefined) return ''
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

/** A standing as tables and charts show it. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  baseline: 'baseline',
  higher: 'higher',
  lower: 'lower',
  'no-difference': 'no relevant difference',
  'within-noise': 'within the noise of equal arms',
  undecided: 'too noisy to say',
  'no-data': 'no data',
}

/** The name of a quantile as people write it: 0.999 → "p99.9". */
export function quantileName(quantile: number): string {
  return `p${formatNumber(quantile * 100, 6)}`
}

/** Below these nothing is said: milliseconds of pressure in a second, events in a second, share of the cores. */
const LITTLE = { pressure: 1, events: 0.5, stolen: 0.001 }

/** What a host's tasks waited for within a window beyond its CPU: "17 ms/s of memory pressure", "12 major faults/s". */
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

/** How much of a run counts: "58 of 60 trials count: 1 invalid, 1 failed". */
export function validityWords({ trials, missing, validTrials, plannedTrials }: Validity): string {
  const having = (status: JudgedTrial['status']) => trials.filter((trial) => trial.status === status).length
  const rest = [
    [having('invalid'), 'invalid'],
    [having('failed'), 'failed'],
    [missing.length, 'not run'],
  ] as const
  const shortfall = rest.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ')
  return `${validTrials} of ${count(plannedTrials, 'trial')} count${shortfall === '' ? '' : `: ${shortfall}`}`
}

/** What is wrong where less than a share of the planned trials counts; undefined where enough do. */
export function validityGap(validity: Validity, least: number): string | undefined {
  const share = validity.validTrials / Math.max(1, validity.plannedTrials)
  if (share >= least) return undefined
  return `${validityWords(validity)}. That is ${formatShare(share)}, and --min-valid asks for ${formatShare(least)}.`
}

/** What to do about it. */
export const VALIDITY_REMEDY =
  'See what each trial that does not count says, mend its cause and measure again; meshbench run --resume runs those that were not run.'

type Validity = Pick<Analysis, 'trials' | 'missing' | 'validTrials' | 'plannedTrials'>
