import { z } from 'zod'
import type { Command, LoadOutcome, SimulatedServer, SimulatedTarget } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import { parseDuration, type Seconds } from '../../model/units.ts'
import { unixNanos } from '../fortio/simulated-fortio.ts'

/** Runs `k6 run` against the simulated server: CSV samples and summary. The last scenario is the measured one. */
export function simulatedK6(command: Command, { load, start, server }: SimulatedTarget): LoadOutcome {
  const script = k6Script(command, load)
  const main = script.scenarios.at(-1)
  if (!main) throw new TypeError('the script has no scenario')
  const behind = server(main.users)
  const iterations = script.scenarios.flatMap((scenario) =>
    k6Schedule(scenario, behind, main.startTime, script.segment),
  )
  const last = iterations.reduce((latest, { answeredAt = 0 }) => Math.max(latest, answeredAt), 0)
  const seconds = Math.max(last, main.startTime + main.duration)
  const files = new Map<string, string>()
  if (script.csv !== undefined) files.set(script.csv, k6Csv(iterations, script, start))
  if (script.summary !== undefined) files.set(script.summary, k6Summary(iterations, main.users, seconds))
  return {
    exitCode: 0,
    stdout: '',
    stderr: iterations.some(({ answeredAt }) => answeredAt === undefined) ? insufficient(main.users, start) : '',
    files,
    seconds,
    window: seconds - main.startTime,
    requests: iterations.filter(({ scenario, answeredAt }) => scenario === main.name && answeredAt !== undefined)
      .length,
    connections: main.users,
  }
}

function insufficient(users: number, start: number): string {
  const msg = `Insufficient VUs, reached ${users} active VUs and cannot initialize more`
  const time = new Date(start * 1000).toISOString()
  return `${JSON.stringify({ executor: 'constant-arrival-rate', level: 'warning', msg, scenario: 'main', time })}\n`
}

/** Tags that k6 writes as columns unless told otherwise. */
const SYSTEM_TAGS =
  'check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url'

/** Stand in a template for the time of a sample, in microseconds, and for the duration of its request, in milliseconds. */
const TIME = '\u0001'
const MILLIS = '\u0002'

/** Bytes of a request and of its answer without their bodies. */
const HEAD = { sent: 71, received: 75 }

/**
 * `k6 run --out csv=…` with microseconds as its time format: one line per sample, in the order in which they were taken.
 * The first line is our script's own: when its virtual users were made, here the start of the run.
 */
function k6Csv(iterations: readonly Iteration[], script: K6Script, start: number): string {
  const columns = (script.systemTags ?? SYSTEM_TAGS).split(',').toSorted()
  const templates = new Map(script.scenarios.map(({ name }) => [name, templatesOf(name, columns, script)]))
  const inOrder = iterations.toSorted((a, b) => (a.answeredAt ?? a.sentAt) - (b.answeredAt ?? b.sentAt))
  const micros = (offset: number) => unixNanos(start, offset).slice(0, -3)
  const lines = inOrder.map(({ scenario, sentAt, answeredAt, ok }) => {
    const template = templates.get(scenario)
    if (answeredAt === undefined) return template?.dropped.replace(TIME, micros(sentAt))
    const millis = (1000 * (answeredAt - sentAt)).toFixed(6)
    return template?.[ok ? 'ok' : 'failed'].replaceAll(TIME, micros(answeredAt)).replaceAll(MILLIS, millis)
  })
  const header = `metric_name,timestamp,metric_value,${columns.join(',')},extra_tags,metadata\n`
  const made = `vu_made,${micros(0)},${start * 1000}.000000,${columns.map(() => '').join(',')},,\n`
  return `${header}${made}${lines.join('')}`
}

/** The lines of an iteration that was dropped, of one that got an answer, and of one that got an error. */
function templatesOf(scenario: string, columns: readonly string[], { url, payload }: K6Script) {
  const row = (tags: Readonly<Record<string, string>>) => `${columns.map((tag) => tags[tag] ?? '').join(',')},,\n`
  const line = (metric: string, value: string, tags: string) => `${metric},${TIME},${value},${tags}`
  const own = row({ scenario })
  const iteration = [
    line('data_sent', `${HEAD.sent + payload}.000000`, own),
    line('data_received', `${HEAD.received + payload}.000000`, own),
    line('iteration_duration', MILLIS, own),
    line('iterations', '1.000000', own),
  ].join('')
  const request = (failed: number, about: Readonly<Record<string, string>>) => {
    const tags = row({ name: url, url, proto: 'HTTP/1.1', scenario, ...about })
    const zeros = (names: readonly string[]) => names.map((name) => line(`http_req_${name}`, '0.000000', tags)).join('')
    return [
      line('http_reqs', '1.000000', tags),
      line('http_req_duration', MILLIS, tags),
      zeros(['blocked', 'connecting', 'tls_handshaking', 'sending']),
      line('http_req_waiting', MILLIS, tags),
      zeros(['receiving']),
      line('http_req_failed', `${failed}.000000`, tags),
    ].join('')
  }
  return {
    dropped: line('dropped_iterations', '1.000000', own),
    ok: request(0, { expected_response: 'true', status: '200' }) + iteration,
    failed: request(1, { expected_response: 'false', status: '503', error_code: '1503' }) + iteration,
  }
}

/** What `handleSummary` is given, in milliseconds and over the whole run, as k6 1.8 makes it. */
function k6Summary(iterations: readonly Iteration[], users: number, seconds: number): string {
  const answered = iterations.flatMap(({ sentAt, answeredAt, ok }) =>
    answeredAt === undefined ? [] : [{ millis: 1000 * (answeredAt - sentAt), ok }],
  )
  const dropped = iterations.length - answered.length
  const failed = answered.filter(({ ok }) => !ok).length
  const counter = (count: number) => ({
    type: 'counter',
    contains: 'default',
    values: { count, rate: count / seconds },
  })
  const gauge = { type: 'gauge', contains: 'default', values: { value: users, min: users, max: users } }
  const metrics = {
    iterations: counter(answered.length),
    http_reqs: counter(answered.length),
    ...(dropped > 0 && { dropped_iterations: counter(dropped) }),
    http_req_duration: { type: 'trend', contains: 'time', values: trend(answered.map(({ millis }) => millis)) },
    http_req_failed: {
      type: 'rate',
      contains: 'default',
      values: { rate: failed / Math.max(1, answered.length), passes: failed, fails: answered.length - failed },
    },
    vus: gauge,
    vus_max: gauge,
  }
  return JSON.stringify({
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: { summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'], summaryTimeUnit: '', noColor: true },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 1000 * seconds },
    metrics,
  })
}

function trend(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  /** Linear between neighbours. */
  const quantile = (q: number) => {
    const place = q * (sorted.length - 1)
    const below = sorted[Math.floor(place)] ?? 0
    return below + (place % 1) * ((sorted[Math.ceil(place)] ?? 0) - below)
  }
  const avg = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length)
  const [min, med, max] = [quantile(0), quantile(0.5), quantile(1)]
  return { avg, min, med, max, 'p(90)': quantile(0.9), 'p(95)': quantile(0.95) }
}

/** What the simulation reads of a k6 command: its script's options and target, and where it writes. */
interface K6Script {
  readonly url: string
  /** Bytes of each request's body. */
  readonly payload: number
  readonly scenarios: readonly K6Scenario[]
  readonly csv?: string
  readonly systemTags?: string
  /** Where the summary goes: the output that is not the CSV. */
  readonly summary?: string
  readonly segment: Segment
}

/** Of so many equal parts of a load the one that this k6 runs, from 0. */
interface Segment {
  readonly index: number
  readonly of: number
}

const duration = z.string().transform((text) => parseDuration(text) ?? 0)
const rest = { duration, startTime: duration.default(0) }
const executorSchema = z.discriminatedUnion('executor', [
  z.object({
    executor: z.literal('constant-arrival-rate'),
    rate: z.number(),
    timeUnit: duration,
    maxVUs: z.number(),
    ...rest,
  }),
  z.object({ executor: z.literal('constant-vus'), vus: z.number(), ...rest }),
])
const optionsSchema = z.object({ scenarios: z.record(z.string(), executorSchema) })

/** A script with its own shape is taken to have its virtual users send without a pause. */
function k6Script({ argv, files = {}, outputs = {} }: Command, load: Load): K6Script {
  const source = files[argv.at(-1) ?? ''] ?? ''
  const options = /^(?:export const options|const load) = (\{.*?\n\})$/ms.exec(source)?.[1] ?? '{}'
  const after = (flag: string) => (argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined)
  const csv = after('--out')?.replace(/^csv=(fileName=)?([^,]*).*$/, '$2')
  const summary = Object.values(outputs).find((path) => path !== csv)
  const systemTags = after('--system-tags')
  const edges = after('--execution-segment-sequence')?.split(',') ?? ['0', '1']
  const segment = { index: edges.indexOf(after('--execution-segment')?.split(':')[0] ?? '0'), of: edges.length - 1 }
  const users = (all: number) => Math.floor(all / segment.of) + (segment.index < all % segment.of ? 1 : 0)
  return {
    segment,
    url:
      after('-e')?.replace(/^\w+=/, '') ??
      JSON.parse(/http\.(?:get\(|post\(|request\("[A-Z]+", )("(?:[^"\\]|\\.)*")/.exec(source)?.[1] ?? '""'),
    payload: load.request?.answer ?? Number(/\.repeat\((\d+)\)/.exec(source)?.[1] ?? 0),
    scenarios:
      load.shape === undefined
        ? Object.entries(optionsSchema.parse(JSON.parse(options)).scenarios).map((one) => {
            const scenario = scenarioOf(one)
            return { ...scenario, users: users(scenario.users) }
          })
        : [{ name: 'default', startTime: 0, duration: load.duration, rate: 'max', users: users(load.connections) }],
    ...(csv === undefined ? {} : { csv }),
    ...(systemTags === undefined ? {} : { systemTags }),
    ...(summary === undefined ? {} : { summary }),
  }
}

function scenarioOf([name, options]: [string, z.infer<typeof executorSchema>]): K6Scenario {
  const { startTime, duration } = options
  if (options.executor === 'constant-vus') return { name, startTime, duration, rate: 'max', users: options.vus }
  return { name, startTime, duration, rate: options.rate / options.timeUnit, users: options.maxVUs }
}

/** One of k6's scenarios: arrivals at a constant rate, or as fast as answers come. Times from the start of the run. */
interface K6Scenario {
  readonly name: string
  readonly startTime: Seconds
  readonly duration: Seconds
  readonly rate: number | 'max'
  /** Virtual users, each with one connection. */
  readonly users: number
}

interface Iteration {
  readonly scenario: string
  readonly sentAt: Seconds
  /** Absent: no virtual user was free, so it was dropped. */
  readonly answeredAt?: Seconds
  readonly ok: boolean
}

/** What k6 does with a scenario; `opening` is the time of the run that the server's clock counts from. */
function k6Schedule(scenario: K6Scenario, server: SimulatedServer, opening: Seconds, segment: Segment): Iteration[] {
  const awake = (at: Seconds) => server.awake(at - opening) + opening
  const send = (sentAt: Seconds) => {
    const { at, ok } = server.answer(sentAt - opening)
    return { scenario: scenario.name, sentAt, answeredAt: awake(at + opening), ok }
  }
  return scenario.rate === 'max' ? closedLoop(scenario, send) : arrivals(scenario, scenario.rate, send, awake, segment)
}

type Send = (sentAt: Seconds) => Required<Iteration>

/** Every arrival takes a free virtual user and is sent on time, or is dropped. */
function arrivals(
  { name, startTime, duration, users }: K6Scenario,
  rate: number,
  send: Send,
  awake: (at: Seconds) => Seconds,
  { index, of }: Segment,
): Iteration[] {
  const freeAt = new Array<Seconds>(users).fill(0)
  // Of all ticks every so many-th.
  const ticks = Math.max(0, Math.ceil((Math.floor(rate * duration) - index) / of))
  return Array.from({ length: ticks }, (_, arrival) => {
    const sentAt = awake(startTime + (index + arrival * of) / rate)
    const user = freeAt.findIndex((free) => free <= sentAt)
    if (user < 0) return { scenario: name, sentAt, ok: true }
    const iteration = send(sentAt)
    freeAt[user] = iteration.answeredAt
    return iteration
  })
}

function closedLoop({ startTime, duration, users }: K6Scenario, send: Send): Iteration[] {
  return Array.from({ length: users }, () => {
    const own: Iteration[] = []
    for (let free = startTime; free < startTime + duration; ) {
      const iteration = send(free)
      own.push(iteration)
      free = iteration.answeredAt
    }
    return own
  }).flat()
}
