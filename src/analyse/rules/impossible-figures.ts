import { QUANTILES, quantileName } from '../../model/quantiles.ts'
import type { LatencySummary, Reading } from '../../model/result.ts'
import { TOOL_TRAITS } from '../../model/traits.ts'
import { formatLatency, formatNumber, formatSize } from '../../model/units.ts'
import { type Observation, SCALING } from '../../model/usage.ts'

import type { TrialView } from '../trial-view.ts'
import { invalid, type Rule } from './rule.ts'

/** Histograms keep three digits, so neighbouring figures may be out of order by this ratio. */
const DIGITS = 1.001
/** Below this, in seconds, figures are the same microsecond. */
const TICK = 2e-6
const SLACK = 1.02
/** Share of requests above the plan that is tolerated: a load generator may be one interval ahead at the end. */
const SURPLUS = 0.001
/** Least share of the time that a schedule takes; its first and last interval may be missing. */
const SHORT = 0.98

/** Figures that no real measurement can have: a defect of meshbench or of the load tool. */
export const impossibleFigures: Rule = {
  name: 'impossible-figures',
  title: 'The figures agree with each other',
  problem: 'Figures contradict each other',
  usesClock: true,
  judge: (trial) =>
    contradictions(trial).map((cause) =>
      invalid(
        cause,
        'The output is damaged or was read wrongly; its figures cannot be used.',
        'Report this with the raw output of the trial.',
      ),
    ),
}

function contradictions({ reading, load, service, response }: TrialView): string[] {
  const { planned, requests, errors, dropped, timeline, codes, seconds, generator } = reading
  const found = [
    ...disorder('service', service),
    ...(response ? disorder('response', response) : []),
    ...uncounted(reading),
    ...impossibleUsage(reading.observation),
    ...(reading.idle ? impossibleUsage(reading.idle) : []),
  ]
  if (reading.tool !== load.tool) found.push(`${reading.tool} sent the requests, but the plan names ${load.tool}.`)
  if (load.rate !== 'max' && !response) found.push('There is no response time, although requests were due at a rate.')
  if (reading.latency.summary?.response && !reading.latency.summary.bounds && (generator.late?.disturbed ?? 0) > 0) {
    found.push(
      'Requests came out of pauses of the load generator, but no quantile has the bounds that follow from them.',
    )
  }
  const expect = (what: string, seen: number, expected: number) => {
    if (seen !== expected) found.push(`${what}: ${formatNumber(seen, 9)}, expected ${formatNumber(expected, 9)}.`)
  }
  expect('Samples of the service time', service.count, requests - errors)
  const { dropsHaveResponse, sendsFixedCount, addsConnections } = TOOL_TRAITS[load.tool]
  // What a script would have sent next is not known.
  const waited = dropsHaveResponse && !reading.script ? dropped : 0
  if (response) expect('Samples of the response time', response.count, requests - errors + waited)
  expect('Requests of the time line', sum(timeline.requests), requests)
  expect('Errors of the time line', sum(timeline.errors), errors)
  if (load.rate !== 'max') expect('Requests that were not sent', dropped, Math.max(0, planned - requests))
  expect('Answers by code', sum(Object.values(codes)), requests)
  if (requests > planned + Math.max(1, planned * SURPLUS)) {
    found.push(`${formatNumber(requests, 9)} requests were sent, but ${formatNumber(planned, 9)} were planned.`)
  }
  if (load.rate !== 'max' && sendsFixedCount && seconds < (requests / load.rate) * SHORT - service.max) {
    found.push(
      `${formatNumber(requests, 9)} requests at ${formatNumber(load.rate)} a second took only ${formatNumber(seconds)} s (rate × time = count).`,
    )
  }
  const shorter = response && shorterQuantile(response, service)
  if (shorter) {
    const { key, q } = shorter
    found.push(
      `The response time (${quantileName(q)} ${formatLatency(response[key])}) is shorter than the service time (${quantileName(q)} ${formatLatency(service[key])}).`,
    )
  }
  const inFlight = (service.count * service.mean) / seconds
  if (!addsConnections && inFlight > generator.connections * SLACK) {
    found.push(
      `${formatNumber(inFlight)} requests were under way on average on ${generator.connections} connections (Little's law).`,
    )
  }
  return found
}

/**
 * Every answer took at least its service time, and so does each quantile. Requests that were not sent have no service time: where
 * they count, median and maximum have to be shorter.
 */
function shorterQuantile(response: LatencySummary, service: LatencySummary) {
  if (response.count !== service.count && !exceeds(service.max, response.max)) return undefined
  const judged = response.count === service.count ? QUANTILES : QUANTILES.filter(({ key }) => key === 'p50')
  return judged.find(({ key }) => exceeds(service[key], response[key]))
}

/** HTTP's codes of a failure; those below 100 are the load generator's own. A teapot is an answer by fortio's count. */
const FAILED = (code: number) => (code >= 400 && code !== 418) || code < 100

/** Counts that contradict each other, or no count at all. */
function uncounted({
  requests,
  errors,
  dropped,
  planned,
  codes,
  timeline,
  bytesReceived,
  generator,
}: Reading): string[] {
  const counts = [requests, errors, dropped, planned, ...Object.values(codes), ...timeline.requests, ...timeline.errors]
  const failed = sum(Object.entries(codes).flatMap(([code, many]) => (FAILED(Number(code)) ? many : [])))
  const { answer, resent = 0 } = generator
  const each = (bytesReceived ?? 0) / Math.max(1, requests)
  return [
    ...(counts.every((one) => one >= 0 && Number.isInteger(one)) ? [] : ['A count is negative or broken.']),
    ...(failed > errors
      ? [
          `${formatNumber(failed, 9)} answers had codes of failures, but ${formatNumber(errors, 9)} errors were counted.`,
        ]
      : []),
    ...(answer && bytesReceived && errors + resent === 0 && Math.abs(each / answer.mean - 1) > BYTES_AGREE
      ? [`${formatSize(each)} were received for each request, but answers had ${formatSize(answer.mean)}.`]
      : []),
  ]
}

/** Share by which sizes may differ that are counted in two ways. */
const BYTES_AGREE = 0.25
/** Counters of tasks and of the whole host are read one after the other, and count in ticks: a share, and cores. */
const COUNTED_TWICE = { share: 3, cores: 0.75 } as const
/** No proxy of any mesh fits into less memory, and no machine has more. */
const MEMORY = { proxy: 256 * 1024, most: 2 ** 42 } as const

/** CPU and memory that no process can have used. */
function impossibleUsage({ usage, host, seconds }: Observation): string[] {
  const cores = sum(usage.map(({ cpuSeconds }) => cpuSeconds)) / seconds
  const most = host && Math.min(host.cores * SLACK, host.busyCores * COUNTED_TWICE.share + COUNTED_TWICE.cores)
  const odd = usage.find(
    ({ role, cpuSeconds, memoryBytes }) =>
      cpuSeconds < 0 ||
      memoryBytes < (SCALING[role]?.carries && cpuSeconds > 0 ? MEMORY.proxy : 0) ||
      memoryBytes > MEMORY.most,
  )
  return [
    ...(most !== undefined && cores > most
      ? [
          `The components used ${formatNumber(cores)} cores, but only ${formatNumber(host?.busyCores ?? 0)} of the host were busy.`,
        ]
      : []),
    ...(odd
      ? [
          `${odd.component} used ${formatNumber(odd.cpuSeconds)} CPU-seconds and ${formatNumber(odd.memoryBytes, 9)} bytes of memory.`,
        ]
      : []),
  ]
}

function disorder(clock: string, { count, min, mean, max, ...of }: LatencySummary): string[] {
  if (count === 0) return []
  const rising = [min, ...QUANTILES.map(({ key }) => of[key]), max]
  const broken = rising.some((value, index) => exceeds(rising[index - 1] ?? 0, value))
  if (!broken && !exceeds(min, mean) && !exceeds(mean, max)) return []
  return [
    `Quantiles of the ${clock} time are out of order: ${[...rising, mean].map(formatLatency).join(', ')} (min, ${QUANTILES.map(({ q }) => quantileName(q)).join(', ')}, max, mean).`,
  ]
}

function exceeds(small: number, large: number): boolean {
  return small > large * DIGITS + TICK
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
