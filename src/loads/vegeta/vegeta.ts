import { Failure } from '../../model/failure.ts'
import type { Command, LoadCommands, LoadTool, Script, Share } from '../../model/platform.ts'
import type { Recipe } from '../../model/program.ts'
import type { Load } from '../../model/scenario.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { arrivals, periodOf, places, plannedOf } from '../arrivals.ts'
import { answersOf, type Gathering, gather, standstills } from '../gather.ts'
import { whyEnded } from '../messages.ts'
import { mayBeStalled } from '../several/part.ts'
import { readers } from '../several/read-several.ts'
import { shareOf, WHOLE } from '../several/shares.ts'
import { simulatedVegeta } from './simulated-vegeta.ts'
import { type VegetaResults, vegetaResults } from './vegeta-results.ts'

const RECIPE: Recipe = {
  version: '12.13.0',
  accepts: ['12.12.0', '13.0.0'],
  ask: { argv: ['-version'], pattern: /^Version: v?(\d+\.\d+\.\d+)/m },
  ways: [
    {
      kind: 'go',
      package: 'github.com/tsenart/vegeta/v12',
      version: 'v12.13.0',
      needs: '1.22',
      takes: 'about a minute',
      stamp: 'main.Version',
    },
  ],
}

/**
 * vegeta sends by one schedule for all workers: request k is due k + 1 periods after the start, and any free worker takes it.
 * While none is free the schedule waits, and catches up afterwards, so a stall of the server delays requests and drops none until
 * the end. Its own latencies begin at the actual send; the number and the time of each send give the time at which it was due.
 */
export const vegeta: LoadTool = {
  name: 'vegeta',
  title: 'vegeta: workers that share one fixed schedule',
  recipe: RECIPE,
  protocols: ['http'],
  environment: {},
  commands: vegetaCommands,
  ended: vegetaEnded,
  simulate: simulatedVegeta,
  ...readers(async (execution, whole, { share, later }) => {
    if (execution.exitCode !== 0) throw vegetaEnded(execution)
    const load = shareOf(whole, share)
    const expectedStatus = load.request?.expectedStatus
    const results = await vegetaResults(execution.read(RESULTS), { expectedStatus, timeout: TIMEOUT })
    const { origin, starts, services, outcomes, timeouts, received } = results
    if (starts.length === 0) throw nothingSent(execution)
    const due = dueOf(results, load)
    const begin = due(0)
    const startedAt = origin + begin / MICROS
    const { window, inherited, planned } = replay(results, load, due, later(startedAt))
    const lastAnswer = starts.reduce((last, start, index) => Math.max(last, start + (services[index] as Micros)), begin)
    return {
      tool: 'vegeta',
      startedAt,
      seconds: (lastAnswer - begin) / MICROS,
      planned,
      requests: starts.length,
      errors: outcomes.reduce((sum, { ok }) => (ok ? sum : sum + 1), 0),
      dropped: Math.max(0, planned - starts.length),
      codes: Object.fromEntries(results.all.map(({ code, count }) => [code, count])),
      ...(received && { bytesReceived: received.sum }),
      raw: window.raw(),
      ...(load.rate !== 'max' && { inherited }),
      candidates: mayBeStalled(
        { starts: starts.map((start) => start - begin), latencies: [...services] },
        window.service().quantile(0.5) * MICROS,
      ),
      about: {
        connections: load.connections,
        catchUp: true,
        ...(received && { answer: { min: received.min, max: received.max, mean: received.mean } }),
        timeouts,
        timeout: TIMEOUT,
        messages: [],
      },
    }
  }),
}

/** A request that takes longer is an error. */
const TIMEOUT: Seconds = 10

/** What vegeta writes; it becomes the name of a raw file. */
const RESULTS = 'results.gob'

/**
 * As many workers as connections, and no more: vegeta would add workers without a limit. Bodies of answers are read but not kept.
 * Redirects are not followed, so that a request is one request, and no answer is asked for in compressed form. vegeta reads what to
 * send from a file before it begins, so that file is the gate of one that begins together with others.
 */
function vegetaCommands(
  whole: Load,
  target: string,
  dir: string,
  trial: string,
  _script?: Script,
  share: Share = WHOLE,
): LoadCommands {
  const load = shareOf(whole, share)
  const path = `${dir}/${trial}.targets.json`
  const content = targetOf(load, target)
  const outputs = { [RESULTS]: `${dir}/${trial}.${RESULTS}` }
  const gate = `${dir}/${trial}.gate`
  const command = (seconds: Seconds, from: string, to: string): Command => ({
    program: 'vegeta',
    argv: ['attack', '-targets', from, ...shape(load, seconds), ...FLAGS, '-output', to],
    within: seconds + 3 * TIMEOUT + 30,
  })
  const warmup: Command = { ...command(load.warmup, path, '/dev/null'), files: { [path]: content } }
  const measured = command(load.duration, share.of > 1 ? gate : path, outputs[RESULTS] as string)
  const measure: Command = {
    ...measured,
    outputs,
    ...(share.of > 1 ? { gate: { path: gate, content } } : { files: { [path]: content } }),
  }
  return { ...(load.warmup > 0 && { warmup }), measure, opensAfter: 0, sendsAfter: 0 }
}

/** Without an address of its own for metrics: the default one may be taken by another vegeta. */
const FLAGS = [
  ...['-format', 'json', '-timeout', `${TIMEOUT}s`, '-redirects', '-1', '-max-body', '0'],
  ...['-http2=false', '-prometheus-addr='],
]

function shape({ rate, connections }: Load, seconds: Seconds): string[] {
  const asked = rate === 'max' ? { count: 0, within: 1 } : arrivals(rate)
  const all = `${connections}`
  return [
    ...['-rate', `${asked.count}/${asked.within}s`, '-duration', `${seconds}s`],
    ...['-workers', all, '-max-workers', all, '-connections', all, '-max-connections', all],
  ]
}

/** One target, which vegeta sends again and again; it takes no line that does not end. */
function targetOf({ payload, request }: Load, target: string): string {
  const body = request?.body ?? (payload > 0 ? 'x'.repeat(payload) : undefined)
  const headers = Object.entries({ 'Accept-Encoding': 'identity', ...request?.headers })
  const line = {
    method: request?.method ?? (payload > 0 ? 'POST' : 'GET'),
    url: target.includes('://') ? target : `http://${target}`,
    header: Object.fromEntries(headers.map(([name, value]) => [name, [value]])),
    ...(body !== undefined && { body: Buffer.from(body).toString('base64') }),
  }
  return `${JSON.stringify(line)}\n`
}

function vegetaEnded(execution: Pick<Parameters<LoadTool['ended']>[0], 'exitCode' | 'stderr'>): Failure {
  return whyEnded('vegeta', execution, {
    remedy: 'Check the target, and the stderr of vegeta in the raw output of this trial.',
  })
}

function nothingSent({ stderr }: { readonly stderr: string }): Failure {
  const said = stderr.trim()
  return new Failure('load-failed', 'vegeta made no request', {
    ...(said !== '' && { cause: said }),
    remedy: 'Check the output of vegeta in the raw output of this trial.',
  })
}

/**
 * When request k was due, in a closed loop when it was sent. The start of the schedule is not in the output: nothing is sent before
 * it is due, so it began no later than the smallest of (send − k · period), and is taken to have begun just then. All requests seem
 * less late by what the promptest of them was late, some ten microseconds.
 */
function dueOf({ starts }: VegetaResults, { rate }: Load): (request: number) => Micros {
  if (rate === 'max') return (request) => starts[request] ?? 0
  const period = periodOf(rate)
  const begin = starts.reduce(
    (least, start, request) => Math.min(least, start - request * period),
    Number.POSITIVE_INFINITY,
  )
  return (request) => begin + request * period
}

/**
 * Every request through one queue before as many workers as there are: done = max(due, first free worker) + service time, response =
 * done − due, which is what callers of a generator that is never late would have seen. As sent: answer − due.
 */
function replay(
  { starts, services, outcomes }: VegetaResults,
  { rate, duration, connections }: Load,
  due: (request: number) => Micros,
  shift: Micros,
): { window: Gathering; inherited: number; planned: number } {
  const isOpen = rate !== 'max'
  const begin = due(0)
  const planned = isOpen ? plannedOf(rate * duration, starts.length) : starts.length
  const window = gather(rate, duration, starts.length, shift)
  const answers = answersOf(starts.length)
  const stood = standstills()
  const [replayed, actual] = [places(connections), places(connections)]
  let inherited = 0
  for (const [request, start] of starts.entries()) {
    const service = services[request] as Micros
    const at = due(request)
    const [free, idle] = [replayed.free(), actual.free()]
    const done = Math.max(at, free) + service
    if (isOpen) stood.sentLate(Math.max(at, idle), start)
    if (free <= at && idle > at) inherited++
    replayed.take(done)
    actual.take(start + service)
    if (!outcomes[request]?.ok) {
      window.failed(at - begin)
      continue
    }
    answers.at[answers.count] = at - begin
    answers.service[answers.count] = service
    answers.response[answers.count] = done - at
    answers.asSent[answers.count++] = Math.max(done, start + service) - at
  }
  window.answered(answers)
  if (isOpen) {
    // What stood still while a request was due or under way is in both of its clocks.
    for (let answer = 0; answer < answers.count; answer++) {
      const [at, response, asSent] = [answers.at[answer], answers.response[answer], answers.asSent[answer]] as Three
      window.readLate({ at, response, asSent }, stood.within(at + begin, at + begin + asSent))
    }
    for (let request = starts.length; request < planned; request++) window.unsent(due(request) - begin)
  }
  return { window, inherited: inherited / starts.length, planned }
}

type Three = [at: Micros, response: Micros, asSent: Micros]
