import type { Command, LoadCommands } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import type { Micros, PerSecond, Seconds } from '../../model/units.ts'

/** A request that takes longer is an error. */
export const TIMEOUT: Seconds = 10

/** Names of what k6 writes; they become names of raw files. */
export const SAMPLES = 'samples.csv'
export const SUMMARY = 'k6.json'

/**
 * How long before the measured scenario the window opens. Reading its snapshot in a cluster took 0.8 s where two cores were
 * fully busy, and what comes before the snapshot is not counted.
 */
const LEAD: Seconds = 1.5

/**
 * k6's connections belong to its virtual users, and these to the process, so the warm-up is a scenario of the same
 * process. Between the two it is quiet, and the window's opening snapshot falls there. It lies 2.5 s into the gap, since k6
 * begins later than its process by what the start takes (0.1 s, and near 1 ms for each virtual user): an snapshot too early
 * would meet the end of the warm-up.
 */
export function k6Commands(load: Load, target: string, dir: string, trial: string): LoadCommands {
  const script = `${dir}/${trial}.k6.js`
  const outputs = { [SAMPLES]: `${dir}/${trial}.${SAMPLES}`, [SUMMARY]: `${dir}/${trial}.${SUMMARY}` }
  const mainAt = opensAfter(load) + LEAD
  const measure: Command = {
    program: 'k6',
    argv: ['run', ...FLAGS, '--out', `csv=${outputs[SAMPLES]}`, script],
    files: { [script]: k6Script(load, target, mainAt, outputs[SUMMARY] as string) },
    outputs,
    within: mainAt + load.duration + 3 * TIMEOUT + 30,
  }
  return { measure, opensAfter: opensAfter(load) }
}

/** Seconds from the start of the process to the opening snapshot of the window. */
export function opensAfter({ warmup, connections }: Pick<Load, 'warmup' | 'connections'>): Seconds {
  return warmup + 2.5 + connections / 1000
}

/** No `--address`, no REST API: its port may be taken by another k6 (version 1 has one unless it is told not to). */
const LOG = ['--quiet', '--no-color', '--log-format', 'json']
const FLAGS = [...LOG, '--address=', '--system-tags', 'scenario,status,error_code']

export const K6_ENVIRONMENT = {
  K6_NO_USAGE_REPORT: 'true',
  K6_CSV_TIME_FORMAT: 'unix_micro',
  // Nothing is downloaded in mid-trial.
  K6_AUTO_EXTENSION_RESOLUTION: 'false',
}

/** Redirects are not followed: one iteration is one request, which the schedule is matched by. */
function k6Script(load: Load, target: string, mainAt: Seconds, summary: string): string {
  const url = JSON.stringify(target.includes('://') ? target : `http://${target}`)
  const options = { discardResponseBodies: true, userAgent: 'meshbench', scenarios: scenarios(load, mainAt) }
  const parameters = JSON.stringify({ timeout: `${TIMEOUT}s`, redirects: 0 })
  const request = load.payload > 0 ? `http.post(${url}, body, ${parameters})` : `http.get(${url}, ${parameters})`
  return [
    `import http from 'k6/http'`,
    `import { Trend } from 'k6/metrics'`,
    `export const options = ${JSON.stringify(options, null, 2)}`,
    `const made = +new Date`,
    `const ${MADE} = new Trend('${MADE}')`,
    ...(load.payload > 0 ? [`const body = 'x'.repeat(${load.payload})`] : []),
    `export default function () {`,
    `  if (__ITER === 0) ${MADE}.add(made)`,
    `  ${request}`,
    `}`,
    `export const handleSummary = (data) => ({ ${JSON.stringify(summary)}: JSON.stringify(data) })`,
    '',
  ].join('\n')
}

/** When each virtual user was made, in milliseconds since the epoch: the first is soon after the start of the process. */
export const MADE = 'vu_made'

/** Both scenarios take the same virtual users: the warm-up gives them back before the other one begins. */
function scenarios(load: Load, mainAt: Seconds): object {
  const main = { ...executor(load), duration: seconds(load.duration), gracefulStop: seconds(TIMEOUT + 2) }
  const warmup = { ...executor(load), duration: seconds(load.warmup), gracefulStop: '2s' }
  return { ...(load.warmup > 0 && { warmup }), main: { ...main, startTime: seconds(mainAt) } }
}

function executor({ rate, connections }: Load): object {
  if (rate === 'max') return { executor: 'constant-vus', vus: connections }
  const { count, within } = arrivals(rate)
  return {
    executor: 'constant-arrival-rate',
    rate: count,
    timeUnit: seconds(within),
    preAllocatedVUs: connections,
    maxVUs: connections,
  }
}

/** A rate as k6 takes it: a whole number of iterations within a length of time. */
function arrivals(rate: PerSecond): { count: number; within: Seconds } {
  return Number.isInteger(rate) ? { count: rate, within: 1 } : { count: Math.round(rate * 1000), within: 1000 }
}

/** From one iteration to the next, in microseconds: k6 drops what is less than a nanosecond. */
export function periodOf(rate: PerSecond): Micros {
  const { count, within } = arrivals(rate)
  return Math.floor((within * 1e9) / count) / 1000
}

/** k6 knows no fractions of a millisecond. */
function seconds(value: Seconds): string {
  return `${Math.round(value * 1000)}ms`
}
