import type { LoadTool } from '../../model/platform.ts'
import { forEachGoTarget, GITHUB, type Recipe } from '../../model/program.ts'
import type { Load } from '../../model/scenario.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { type Due, dueTimes, places, plannedOf } from '../arrivals.ts'
import { answersOf, type Gathering, gather, standstills } from '../gather.ts'
import { loggedWarnings, shortened } from '../messages.ts'
import { mayBeStalled, type Part } from '../several/part.ts'
import { type PartOf, readers } from '../several/read-several.ts'
import { checkComplete, checkQuiet, clockStepOf, k6Ended } from './k6-checks.ts'
import { K6_ENVIRONMENT, k6Commands, type Pace, paceOf, TIMEOUT } from './k6-commands.ts'
import { type K6Samples, type OwnSamples, readSamples } from './k6-reading.ts'
import { isShaped, SCRIPTS } from './own-script.ts'
import { scriptCounts } from './script-measured.ts'
import { simulatedK6 } from './simulated-k6.ts'

const RECIPE: Recipe = {
  version: '1.8.1',
  accepts: ['1.0.0', '3.0.0'],
  ask: { argv: ['version'], pattern: /^k6 v(\d+\.\d+\.\d+)/m },
  ways: [
    {
      kind: 'release',
      sha256: {},
      base: `${GITHUB}/grafana/k6/releases/download/v1.8.1/`,
      files: forEachGoTarget((target) => {
        const stem = `k6-v1.8.1-${target.replace('darwin', 'macos')}`
        return { name: `${stem}.${target.startsWith('linux') ? 'tar.gz' : 'zip'}`, member: `${stem}/k6` }
      }),
      checksums: () => 'k6-v1.8.1-checksums.txt',
    },
    { kind: 'go', package: 'go.k6.io/k6', version: 'v1.8.1', needs: '1.25', takes: 'some minutes' },
  ],
}

/**
 * k6 sends when its schedule says so, as long as it has a virtual user to spare, and drops the iteration where it has
 * none. What it sends does not wait; what it drops would have: the response time counts it as waiting for the next user.
 */
export const k6: LoadTool = {
  name: 'k6',
  title: 'k6: virtual users that send on a fixed schedule',
  recipe: RECIPE,
  protocols: ['http'],
  environment: K6_ENVIRONMENT,
  commands: k6Commands,
  ended: k6Ended,
  simulate: simulatedK6,
  scripts: SCRIPTS,
  ...readers(async (execution, load, { share, script, later }) => {
    if (execution.exitCode !== 0) throw k6Ended(execution)
    const samples = await readSamples(execution, { own: script !== undefined, shaped: isShaped(load) })
    await checkComplete(execution, samples)
    if (isShaped(load)) checkQuiet(samples, load, share, script)
    const pace = paceOf(load, share)
    if (samples.own) return partOfScript(samples, samples.own, { load, pace, later }, execution.stderr)
    return partOf(withinSchedule(samples, pace), { load, pace, later }, execution.stderr)
  }),
}

interface Sent extends Pick<PartOf, 'later'> {
  readonly load: Load
  readonly pace: Pace
}

function partOf(samples: K6Samples, { load, pace, later }: Sent, stderr: string): Part {
  const { starts, services, isOk } = samples
  const due = pace.rate === 'max' ? { sent: starts, dropped: [] } : dueTimes(starts, samples.dropped, pace.period)
  const { begin, end } = extremes(starts, services, due)
  const startedAt = (samples.origin + begin) / MICROS
  const window = replay(samples, { load, pace, due, begin, shift: later(startedAt) })
  const errors = isOk.reduce((sum, ok) => (ok ? sum : sum + 1), 0)
  const planned =
    pace.rate === 'max' ? starts.length : plannedOf(pace.asked, samples.starts.length + samples.dropped.length)
  return {
    tool: 'k6',
    startedAt,
    seconds: (end - begin) / MICROS,
    planned,
    requests: starts.length,
    errors,
    dropped: samples.dropped.length,
    ...contents(samples, window, begin),
    about: aboutItself(samples, load, pace, stderr),
  }
}

/** Its requests need not be alike, and its own time is a matter of the script. */
function partOfScript(samples: K6Samples, own: OwnSamples, { load, pace, later }: Sent, stderr: string): Part {
  const { counts, window } = scriptCounts(samples, own, load, pace, later)
  const { answer: _, scriptShare: __, ...about } = aboutItself(samples, load, pace, stderr)
  const begin = counts.startedAt * MICROS - samples.origin
  return { tool: 'k6', ...counts, ...contents(samples, window, begin), about }
}

/** `begin`: of the window, by the time of the samples. */
function contents(
  { codes, received, starts, services, blocked, connecting }: K6Samples,
  window: Gathering,
  begin: Micros,
) {
  const median = window.service().quantile(0.5) * MICROS
  return {
    codes: Object.fromEntries([...Map.groupBy(codes, (code) => code)].map(([code, all]) => [code, all.length])),
    bytesReceived: received.sum,
    raw: window.raw(),
    candidates: mayBeStalled({ starts: starts.map((start) => start - begin), latencies: services }, median),
    waits: { blocked, connecting },
  }
}

/** k6 goes on by its schedule until the timer of its end fires, which a busy machine delays. More than this is another fault. */
const LATE_END: Seconds = 0.1

/** Without what was due after the closing snapshot: it is part of no window. The tick on the snapshot may or may not be sent. */
function withinSchedule(samples: K6Samples, { rate, last }: Pace): K6Samples {
  if (rate === 'max') return samples
  const ticks = Float64Array.from([...samples.starts, ...samples.dropped]).sort()
  const surplus = ticks.length - 1 - last
  if (surplus <= 0 || surplus > rate * LATE_END) return samples
  const isInside = (at: Micros) => at <= (ticks[last] as Micros)
  const kept = <T>(column: readonly T[]) => column.filter((_, index) => isInside(samples.starts[index] as Micros))
  return {
    ...samples,
    starts: kept(samples.starts),
    services: kept(samples.services),
    isOk: kept(samples.isOk),
    codes: kept(samples.codes),
    dropped: samples.dropped.filter(isInside),
  }
}

function extremes(starts: readonly Micros[], services: readonly Micros[], due: Due): { begin: Micros; end: Micros } {
  let begin = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  for (const [index, start] of starts.entries()) {
    begin = Math.min(begin, due.sent[index] as Micros)
    end = Math.max(end, start + (services[index] as Micros))
  }
  for (let index = 0; index < due.dropped.length; index++) begin = Math.min(begin, due.dropped[index] as Micros)
  return { begin, end }
}

type Three = [at: Micros, response: Micros, asSent: Micros]

/** Times in the window count from `begin`, the first intended send. */
function replay(
  samples: K6Samples,
  {
    load,
    pace,
    due,
    begin,
    shift,
  }: Omit<Sent, 'later'> & { readonly due: Due; readonly begin: Micros; readonly shift: Micros },
): Gathering {
  const { starts, services, isOk } = samples
  const window = gather(pace.rate, load.duration, starts.length, shift)
  const waits = pace.rate === 'max' ? undefined : queued(samples, pace, due)
  const answers = answersOf(starts.length)
  const stood = standstills()
  for (const [index, start] of starts.entries()) {
    const at = (due.sent[index] as Micros) - begin
    stood.sentLate(due.sent[index] as Micros, start)
    if (!isOk[index]) {
      window.failed(at)
      continue
    }
    const service = services[index] as Micros
    answers.at[answers.count] = at
    answers.service[answers.count] = service
    answers.response[answers.count] = service + (waits?.sent[index] ?? 0)
    // A wait behind dropped iterations is of the replay alone: as sent, a request is late by what k6 itself was late.
    const late = Math.max(0, start - (due.sent[index] as Micros))
    answers.asSent[answers.count] = (answers.response[answers.count] as Micros) + late
    answers.count++
  }
  window.answered(answers)
  let answer = 0
  for (const [index, start] of starts.entries()) {
    if (!isOk[index]) continue
    const [at, response, asSent] = [answers.at[answer], answers.response[answer], answers.asSent[answer]] as Three
    window.readLate({ at, response, asSent }, stood.within(start, start + (services[index] as Micros)))
    answer++
  }
  for (let index = 0; index < due.dropped.length; index++) {
    window.unsent((due.dropped[index] as Micros) - begin, waits?.dropped[index])
  }
  return window
}

/**
 * How long each request would have waited for a virtual user, had none been dropped: a queue in order of arrival before as
 * many servers as there are users. A dropped iteration has no service time, so it takes the median; of it the wait and that
 * are returned. Without drops nothing waits, since k6 sends only when a user is free.
 */
function queued(
  { services, users }: K6Samples,
  { connections }: Pace,
  due: Due,
): { sent: Float64Array; dropped: Float64Array } {
  const sent = new Float64Array(due.sent.length)
  const dropped = new Float64Array(due.dropped.length)
  if (dropped.length === 0) return { sent, dropped }
  const typical = services.toSorted((a, b) => a - b)[services.length >> 1] ?? 0
  const arrivals = [
    ...Array.from(due.sent, (at, index) => ({ at, index, isDropped: false })),
    ...Array.from(due.dropped, (at, index) => ({ at, index, isDropped: true })),
  ].sort((a, b) => a.at - b.at)
  const queue = places(users || connections)
  for (const { at, index, isDropped } of arrivals) {
    const begins = Math.max(at, queue.free())
    const service = isDropped ? typical : (services[index] as Micros)
    queue.take(begins + service)
    if (isDropped) dropped[index] = begins - at + service
    else sent[index] = begins - at
  }
  return { sent, dropped }
}

function aboutItself(samples: K6Samples, load: Load, pace: Pace, stderr: string): Part['about'] {
  const { received } = samples
  const busy = samples.services.reduce((sum, service) => sum + service, 0)
  return {
    connections: samples.users || pace.connections,
    ...clockStepOf(samples, load, pace),
    sockets: samples.sockets,
    ...(received.count > 0 && {
      answer: { min: received.min, max: received.max, mean: received.sum / received.count },
    }),
    timeouts: samples.timeouts,
    timeout: TIMEOUT,
    ...(samples.iterating > 0 && { scriptShare: Math.max(0, 1 - busy / samples.iterating) }),
    messages: shortened(loggedWarnings(stderr)),
  }
}
