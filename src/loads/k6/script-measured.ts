import type { Measured } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { dueTimes, plannedOf } from '../arrivals.ts'
import { answersOf, DISTURBED, type Gathering, gather, standstills } from '../gather.ts'
import { latencyHistogram } from '../histogram.ts'
import type { ScriptCounts } from '../several/part.ts'
import type { Pace } from './k6-commands.ts'
import { type K6Samples, type OwnSamples, pathOf } from './k6-reading.ts'

type Counts = Pick<Measured, 'startedAt' | 'seconds' | 'planned' | 'requests' | 'errors' | 'dropped'> & {
  readonly script: ScriptCounts
}

/**
 * What a script of the user's did. k6 keeps a schedule of iterations; within one the script says when a request is sent, so a
 * request waits for nothing but its answer, and its response time is its service time. A dropped iteration counts as so many
 * unsent requests as an iteration has on average.
 */
export function scriptCounts(
  samples: K6Samples,
  own: OwnSamples,
  load: Load,
  pace: Pace,
  later: (startedAt: Seconds) => Micros,
): { counts: Counts; window: Gathering } {
  const { starts, services, isOk } = samples
  const isOpen = load.rate !== 'max'
  const planned =
    load.rate === 'max' ? own.begins.length : plannedOf(pace.asked, own.begins.length + samples.dropped.length)
  const lost = isOpen ? Math.max(0, planned - own.begins.length) : 0
  const perIteration = own.begins.length > 0 ? starts.length / own.begins.length : 1
  const unsent = Math.round(lost * perIteration)
  const begin = least(isOpen ? own.begins : starts, least(samples.dropped))
  const end = starts.reduce((latest, start, index) => Math.max(latest, start + (services[index] as Micros)), begin)
  return {
    counts: {
      startedAt: (samples.origin + begin) / MICROS,
      seconds: (end - begin) / MICROS,
      planned: starts.length + unsent,
      requests: starts.length,
      errors: isOk.reduce((sum, ok) => (ok ? sum : sum + 1), 0),
      dropped: unsent,
      script: scriptReading(samples, own, planned),
    },
    window: windowOf(samples, own, load, pace, {
      ...{ begin, perIteration },
      shift: later((samples.origin + begin) / MICROS),
    }),
  }
}

function least(times: readonly Micros[], before = Number.POSITIVE_INFINITY): Micros {
  return times.reduce((earliest, time) => Math.min(earliest, time), before)
}

function windowOf(
  samples: K6Samples,
  own: OwnSamples,
  load: Load,
  { rate, period }: Pace,
  { begin, perIteration, shift }: { readonly begin: Micros; readonly perIteration: number; readonly shift: Micros },
): Gathering {
  const { starts, services, isOk, dropped } = samples
  const window = gather(rate, load.duration, starts.length, shift)
  const stood = standstills()
  const lateBy = load.rate === 'max' ? () => 0 : latenessOf(own.begins, dropped, period, stood)
  const answers = answersOf(starts.length)
  for (const [index, start] of starts.entries()) {
    if (!isOk[index]) {
      window.failed(start - begin)
      continue
    }
    const service = services[index] as Micros
    answers.at[answers.count] = start - begin
    answers.service[answers.count] = service
    answers.response[answers.count] = service
    answers.asSent[answers.count] = service + lateBy(start)
    answers.count++
  }
  window.answered(answers)
  if (load.rate === 'max') return window
  let answer = 0
  for (const [index, start] of starts.entries()) {
    if (!isOk[index]) continue
    const [at, response, asSent] = [answers.at[answer], answers.response[answer], answers.asSent[answer]] as Micros[]
    answer++
    if (at === undefined || response === undefined || asSent === undefined) continue
    window.readLate({ at, response, asSent }, stood.within(start, start + (services[index] as Micros)))
  }
  const each = Math.max(1, Math.round(perIteration))
  for (const time of dropped) for (let one = 0; one < each; one++) window.unsent(time - begin)
  return window
}

/**
 * By how much k6 began an iteration late, for requests that are sent within 5 ms of its begin: those come in a burst with it.
 * What a script sends later, it sends when it wants to.
 */
function latenessOf(
  begins: readonly Micros[],
  dropped: readonly Micros[],
  period: Micros,
  stood: ReturnType<typeof standstills>,
): (start: Micros) => Micros {
  const due = dueTimes(begins, dropped, period).sent
  const iterations = begins
    .map((at, index) => ({ at, late: Math.max(0, at - (due[index] as Micros)) }))
    .sort((a, b) => a.at - b.at)
  for (const { at, late } of iterations) stood.sentLate(at - late, at)
  return (start) => {
    let [low, high] = [0, iterations.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((iterations[middle] as { at: Micros }).at <= start) low = middle + 1
      else high = middle
    }
    const last = iterations[low - 1]
    return last && start - last.at <= DISTURBED ? last.late : 0
  }
}

function scriptReading(samples: K6Samples, own: OwnSamples, planned: number): ScriptCounts {
  const iteration = latencyHistogram()
  for (const length of own.lengths) iteration.record(length)
  return {
    planned,
    iterations: own.begins.length,
    dropped: samples.dropped.length,
    iteration,
    groups: own.groups,
    checks: [...own.checks.values()].map(({ group, ...check }) => ({ group: pathOf(group), ...check })),
  }
}
