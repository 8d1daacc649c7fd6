import type { LoadTool } from '../model/platform.ts'
import type { Generator, Measured } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import { MICROS, type Micros } from '../model/units.ts'
import { answersOf, type Gathering, gather } from './gather.ts'
import { type LatencyHistogram, latencyHistogram } from './histogram.ts'
import { checkComplete, checkEnd, checkQuiet } from './k6-checks.ts'
import { k6Commands, periodOf, TIMEOUT } from './k6-commands.ts'
import { type K6Samples, readSamples } from './k6-reading.ts'
import { loggedWarnings, shortened } from './messages.ts'
import { dueTimes } from './ticks.ts'

/**
 * k6 sends when its schedule says so, as long as it has a virtual user to spare, and drops the iteration where it has
 * none. So no request waits to be sent, and both clocks read the same.
 */
export const k6: LoadTool = {
  name: 'k6',
  title: 'k6: virtual users that send when the schedule says so',
  protocols: ['http'],
  commands: k6Commands,
  async parse(execution, load) {
    checkEnd(execution)
    const samples = await readSamples(execution)
    await checkComplete(execution, samples)
    checkQuiet(samples, load)
    return measuredOf(samples, load, execution.stderr)
  },
}

function measuredOf(samples: K6Samples, load: Load, stderr: string): Measured {
  const { starts, services, isOk, codes } = samples
  const due = load.rate === 'max' ? starts : dueTimes(starts, samples.dropped, periodOf(load.rate))
  const { begin, end } = extremes(starts, services, due, samples.dropped)
  const { window, late } = replay(samples, load, due, begin)
  const errors = isOk.reduce((sum, ok) => (ok ? sum : sum + 1), 0)
  const planned = load.rate === 'max' ? starts.length : plannedOf(load.rate * load.duration, samples)
  return {
    tool: 'k6',
    startedAt: (samples.origin + begin) / MICROS,
    seconds: (end - begin) / MICROS,
    planned,
    requests: starts.length,
    errors,
    dropped: samples.dropped.length,
    codes: Object.fromEntries(codes),
    bytesReceived: samples.received.sum,
    latency: window.latency(),
    timeline: window.timeline(),
    generator: aboutItself(samples, load, stderr, window, late),
  }
}

/** The tick on the closing edge may or may not be sent. */
function plannedOf(asked: number, { starts, dropped }: K6Samples): number {
  const ticks = starts.length + dropped.length
  return Math.abs(ticks - asked) <= 1 ? ticks : Math.floor(asked)
}

function extremes(
  starts: readonly Micros[],
  services: readonly Micros[],
  due: ArrayLike<Micros>,
  dropped: readonly Micros[],
): { begin: Micros; end: Micros } {
  let begin = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  for (const [index, start] of starts.entries()) {
    begin = Math.min(begin, due[index] as Micros)
    end = Math.max(end, start + (services[index] as Micros))
  }
  for (const time of dropped) begin = Math.min(begin, time)
  return { begin, end }
}

/** Times in the window count from `begin`, the first intended send. */
function replay({ starts, services, isOk }: K6Samples, load: Load, due: ArrayLike<Micros>, begin: Micros) {
  const window = gather(load.rate === 'max' ? 'closed' : 'open', load.duration, starts.length)
  const late = latencyHistogram()
  const answers = answersOf(starts.length)
  for (const [index, start] of starts.entries()) {
    const at = (due[index] as Micros) - begin
    late.record(Math.max(0, start - (due[index] as Micros)))
    if (isOk[index]) {
      answers.at[answers.count] = at
      answers.service[answers.count] = services[index] as Micros
      // A request that finds no free virtual user is dropped, so none waits for one: what is late is k6's own, see `late`.
      answers.response[answers.count++] = services[index] as Micros
    } else window.failed(at)
  }
  window.answered(answers)
  return { window, late }
}

function aboutItself(
  samples: K6Samples,
  load: Load,
  stderr: string,
  window: Gathering,
  late: LatencyHistogram,
): Generator {
  const { received, blocked, connecting } = samples
  const settling = window.settling()
  const busy = samples.services.reduce((sum, service) => sum + service, 0)
  return {
    connections: samples.users || load.connections,
    ...(load.rate !== 'max' && { late: { p50: late.quantile(0.5), p99: late.quantile(0.99), max: late.max } }),
    sockets: samples.sockets,
    ...(received.count > 0 && {
      answer: { min: received.min, max: received.max, mean: received.sum / received.count },
    }),
    ...(settling && { settling }),
    timeouts: samples.timeouts,
    timeout: TIMEOUT,
    blockedP99: blocked.quantile(0.99),
    connectingP95: connecting.quantile(0.95),
    ...(samples.iterating > 0 && { scriptShare: Math.max(0, 1 - busy / samples.iterating) }),
    messages: shortened(loggedWarnings(stderr)),
  }
}
