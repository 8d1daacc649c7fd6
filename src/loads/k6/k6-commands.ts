import type { Command, LoadCommands, Script, Share } from '../../model/platform.ts'
import type { Load, LoadRequest } from '../../model/scenario.ts'
import type { Micros, PerSecond, Seconds } from '../../model/units.ts'
import { arrivals, periodOf } from '../arrivals.ts'
import { countOf, WHOLE } from '../several/shares.ts'
import { hasSetup, isShaped, type Wrapped, wrapScript } from './own-script.ts'

/** The schedule of one k6: of all ticks of the load every so many-th is its own. */
export interface Pace {
  readonly rate: PerSecond | 'max'
  /** From one of its ticks to the next; 0 in a closed loop. */
  readonly period: Micros
  /** Ticks that the load asks of it, which need not be a whole number. */
  readonly asked: number
  /** Number of its last tick that is due by the end of the window, from 0. */
  readonly last: number
  readonly connections: number
}

/** k6 gives its segments the ticks in turns where each has as many virtual users as the others (execution_segment.go of 1.8). */
export function paceOf({ rate, duration, connections }: Load, share: Share): Pace {
  const own = countOf(connections, share)
  if (rate === 'max') return { rate, period: 0, asked: 0, last: 0, connections: own }
  return {
    rate: rate / share.of,
    period: share.of * periodOf(rate),
    asked: (rate * duration) / share.of,
    last: Math.floor((rate * duration - share.index) / share.of),
    connections: own,
  }
}

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
export function k6Commands(
  load: Load,
  target: string,
  dir: string,
  trial: string,
  script?: Script,
  share: Share = WHOLE,
): LoadCommands {
  const place = { target, dir, trial, share }
  if (script && !isShaped(load)) return ownShape(load, place, script)
  const outputs = outputsOf(dir, trial)
  const opening = opensAfter(load, script, share)
  const mainAt = opening + LEAD
  const made = script
    ? wrapped(script, { ...place, load, scenarios: scenarios(load, mainAt) })
    : ordinary(load, place, mainAt)
  const measure: Command = {
    program: 'k6',
    argv: [
      'run',
      ...(script ? OWN_FLAGS : FLAGS),
      ...segmentArgv(share),
      ...made.argv,
      '--out',
      `csv=${outputs[SAMPLES]}`,
      made.main,
    ],
    files: made.files,
    outputs,
    within: mainAt + load.duration + 3 * TIMEOUT + 30,
    ...gateOf(place),
  }
  return { measure, opensAfter: opening, sendsAfter: mainAt }
}

/** k6 itself takes its part of rates and virtual users: each part has every so many-th tick and user. */
function segmentArgv({ index, of }: Share): string[] {
  if (of === 1) return []
  const edge = (part: number) => (part === 0 ? '0' : part === of ? '1' : `${part}/${of}`)
  const edges = Array.from({ length: of + 1 }, (_, part) => edge(part))
  return [
    ...['--execution-segment', `${edge(index)}:${edge(index + 1)}`],
    ...['--execution-segment-sequence', edges.join(',')],
  ]
}

/** k6 opens it before it does anything else, and takes nothing that has a length for a file without one: so it stays empty. */
function gateOf({ share, dir, trial }: Pick<Place, 'share' | 'dir' | 'trial'>): Pick<Command, 'gate'> {
  return share.of > 1 ? { gate: { path: `${dir}/${trial}.gate`, content: '' } } : {}
}

/** Of a script that waits at its gate, the first line after its imports. */
function waiting(place: Place): string[] {
  const { gate } = gateOf(place)
  return gate ? [`open(${JSON.stringify(gate.path)})`] : []
}

/**
 * A script with its own shape says itself when it begins, so its window opens with the process, and the warm-up is a process of
 * its own: it opens connections of the proxies, not those of the measurement.
 */
function ownShape(load: Load, place: Place, script: Script): LoadCommands {
  const { dir, trial, share } = place
  const { warmup: length, connections: vus, duration } = load
  const outputs = outputsOf(dir, trial)
  const warming = { warmup: { executor: 'constant-vus', vus, duration: seconds(length), gracefulStop: '2s' } }
  const segment = segmentArgv(share)
  const first = wrapped(script, { ...place, load, scenarios: warming }, false)
  const made = wrapped(script, { ...place, load, scenarios: undefined })
  const warmup: Command = {
    program: 'k6',
    argv: ['run', ...OWN_FLAGS, ...segment, ...first.argv, first.main],
    files: first.files,
    within: length + 3 * TIMEOUT + 30,
  }
  const measure: Command = {
    program: 'k6',
    argv: ['run', ...OWN_FLAGS, ...segment, ...made.argv, '--out', `csv=${outputs[SAMPLES]}`, made.main],
    files: made.files,
    outputs,
    within: 2 * duration + 3 * TIMEOUT + 30,
    ...gateOf(place),
  }
  return { ...(length > 0 && { warmup }), measure, opensAfter: 0, sendsAfter: 0 }
}

interface Place {
  readonly target: string
  readonly dir: string
  readonly trial: string
  readonly share: Share
}

function outputsOf(dir: string, trial: string) {
  return { [SAMPLES]: `${dir}/${trial}.${SAMPLES}`, [SUMMARY]: `${dir}/${trial}.${SUMMARY}` } as const
}

function ordinary(load: Load, place: Place, mainAt: Seconds): Wrapped {
  const main = `${place.dir}/${place.trial}.k6.js`
  return { main, files: { [main]: k6Script(load, place, mainAt) }, argv: [] }
}

function wrapped(
  script: Script,
  about: Place & { readonly load: Load; readonly scenarios: object | undefined },
  waits = true,
): Wrapped {
  const { target, dir, trial, scenarios } = about
  return wrapScript(script, {
    dir: `${dir}/${trial}.script`,
    target: urlOf(target),
    scenarios,
    summary: outputsOf(dir, trial)[SUMMARY],
    waiting: waits ? waiting(about) : [],
    made: {
      top: [`import { Trend } from 'k6/metrics'`, ...MADE_BEFORE],
      first: MADE_NOW,
    },
  })
}

/** Time that `setup` of a script may take, in which no virtual user runs. Without one no time is spent on it. */
export const SETUP: Seconds = 5

/** Seconds from the start of the process to the opening snapshot of the window. */
export function opensAfter(
  { warmup, connections }: Pick<Load, 'warmup' | 'connections'>,
  script?: Script,
  { of } = WHOLE,
): Seconds {
  return warmup + 2.5 + Math.ceil(connections / of) / 1000 + (script && hasSetup(script) ? SETUP : 0)
}

function urlOf(target: string): string {
  const url = target.includes('://') ? target : `http://${target}`
  return url.replace(/\/$/, '')
}

/** No `--address`, no REST API: its port may be taken by another k6 (version 1 has one unless it is told not to). */
const LOG = ['--quiet', '--no-color', '--log-format', 'json']
const TAGS = 'scenario,status,error_code'
const FLAGS = [...LOG, '--address=', '--system-tags', TAGS]
const OWN_FLAGS = [...LOG, '--address=', '--system-tags', `${TAGS},group,check`]

export const K6_ENVIRONMENT = {
  K6_NO_USAGE_REPORT: 'true',
  K6_CSV_TIME_FORMAT: 'unix_micro',
  // Nothing is downloaded in mid-trial.
  K6_AUTO_EXTENSION_RESOLUTION: 'false',
}

/** Redirects are not followed: one iteration is one request, which the schedule is matched by. */
function k6Script(load: Load, place: Place, mainAt: Seconds): string {
  const { target, dir, trial } = place
  const summary = outputsOf(dir, trial)[SUMMARY]
  const url = JSON.stringify(target.includes('://') ? target : `http://${target}`)
  const options = { discardResponseBodies: true, userAgent: 'meshbench', scenarios: scenarios(load, mainAt) }
  const parameters = JSON.stringify({ timeout: `${TIMEOUT}s`, redirects: 0 })
  const request = load.request
    ? asked(load.request, url)
    : load.payload > 0
      ? `http.post(${url}, body, ${parameters})`
      : `http.get(${url}, ${parameters})`
  return [
    `import http from 'k6/http'`,
    `import { Trend } from 'k6/metrics'`,
    ...waiting(place),
    `export const options = ${JSON.stringify(options, null, 2)}`,
    ...MADE_BEFORE,
    ...(load.payload > 0 ? [`const body = 'x'.repeat(${load.payload})`] : []),
    `export default function () {`,
    `  ${MADE_NOW}`,
    `  ${request}`,
    `}`,
    `export const handleSummary = (data) => ({ ${JSON.stringify(summary)}: JSON.stringify(data) })`,
    '',
  ].join('\n')
}

function asked({ method, headers, body, expectedStatus }: LoadRequest, url: string): string {
  const about = `{ timeout: '${TIMEOUT}s', redirects: 0, headers: ${JSON.stringify(headers)}, responseCallback: http.expectedStatuses(${expectedStatus}) }`
  return `http.request(${JSON.stringify(method)}, ${url}, ${body === undefined ? 'null' : JSON.stringify(body)}, ${about})`
}

/** When each virtual user was made, in milliseconds since the epoch: the first is soon after the start of the process. */
export const MADE = 'vu_made'
const MADE_BEFORE = [`const made = +new Date`, `const ${MADE} = new Trend('${MADE}')`]
const MADE_NOW = `if (__ITER === 0) ${MADE}.add(made)`

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

/** k6 knows no fractions of a millisecond. */
function seconds(value: Seconds): string {
  return `${Math.round(value * 1000)}ms`
}
