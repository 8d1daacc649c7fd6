import type { LatencySummary } from '../../model/result.ts'
import { TOOL_TRAITS } from '../../model/traits.ts'
import { formatLatency, formatNumber } from '../../model/units.ts'
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
  const found = [...disorder('service', service), ...(response ? disorder('response', response) : [])]
  const expect = (what: string, seen: number, expected: number) => {
    if (seen !== expected) found.push(`${what}: ${formatNumber(seen, 9)}, expected ${formatNumber(expected, 9)}.`)
  }
  expect('Samples of the service time', service.count, requests - errors)
  const { dropsHaveResponse, sendsFixedCount, addsConnections } = TOOL_TRAITS[load.tool]
  const waited = dropsHaveResponse ? dropped : 0
  if (response) expect('Samples of the response time', response.count, requests - errors + waited)
  expect('Requests of the time line', sum(timeline.requests), requests)
  expect('Answers by code', sum(Object.values(codes)), requests)
  if (requests > planned + Math.max(1, planned * SURPLUS)) {
    found.push(`${formatNumber(requests, 9)} requests were sent, but ${formatNumber(planned, 9)} were planned.`)
  }
  if (load.rate !== 'max' && sendsFixedCount && seconds < (requests / load.rate) * SHORT - service.max) {
    found.push(
      `${formatNumber(requests, 9)} requests at ${formatNumber(load.rate)} a second took only ${formatNumber(seconds)} s (rate × time = count).`,
    )
  }
  if (response && exceeds(service.p50, response.p50) && exceeds(service.max, response.max)) {
    found.push(
      `The response time (p50 ${formatLatency(response.p50)}) is shorter than the service time (p50 ${formatLatency(service.p50)}).`,
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

function disorder(clock: string, { count, min, mean, max, p50, p90, p99, p999 }: LatencySummary): string[] {
  if (count === 0) return []
  const rising = [min, p50, p90, p99, p999, max]
  const broken = rising.some((value, index) => exceeds(rising[index - 1] ?? 0, value))
  if (!broken && !exceeds(min, mean) && !exceeds(mean, max)) return []
  return [
    `Quantiles of the ${clock} time are out of order: ${[...rising, mean].map(formatLatency).join(', ')} (min, p50, p90, p99, p99.9, max, mean).`,
  ]
}

function exceeds(small: number, large: number): boolean {
  return small > large * DIGITS + TICK
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
