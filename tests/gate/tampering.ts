import { decodeHistogram, latencyHistogram } from '../../src/loads/histogram.ts'
import type { Generator, Reading, Result } from '../../src/model/result.ts'
import type { Evidence, Usage } from '../../src/model/usage.ts'
import { summarise } from '../../src/stats/quantile-intervals.ts'

type Trial = Result['trial']

export const everyone = () => true
export const candidate = ({ arm }: Trial) => arm === 'sidecar'
export const reference = ({ arm }: Trial) => arm === 'sidecar-ref'
/** Candidate and reference. */
export const both = ({ arm }: Trial) => arm !== 'none'

/** Changes every latency, in histograms, columns and figures. `micros` is in microseconds. */
export function relatency(reading: Reading, change: (micros: number) => number): Reading {
  const { service, response = '' } = reading.latency
  const [one, other] = [service, response].map((text) => {
    const histogram = latencyHistogram()
    decodeHistogram(text).visit((micros, count) => {
      const value = change(micros)
      if (value > 0) histogram.record(value, count)
    })
    return { text: histogram.encode(), summary: summarise(histogram) }
  })
  if (!one || !other) throw new Error('a reading of an open loop has two clocks')
  const summary = { service: one.summary, response: other.summary }
  const { slices, timeline, ...rest } = reading
  const times = (values: readonly number[]) => values.map(change)
  return {
    ...rest,
    latency: { service: one.text, response: other.text, summary },
    timeline: {
      ...timeline,
      p50: times(timeline.p50),
      p90: times(timeline.p90),
      p99: times(timeline.p99),
      max: times(timeline.max),
    },
    ...(slices && { slices: { ...slices, p99: times(slices.p99), serviceP99: times(slices.serviceP99) } }),
  }
}

/** Multiplies every latency. 0: there are none. */
export function scaled(reading: Reading, factor: number): Reading {
  return relatency(reading, (micros) => micros * factor)
}

export const observed = (reading: Reading, change: Partial<Reading['observation']>): Reading => ({
  ...reading,
  observation: { ...reading.observation, ...change },
})

/** Changes what each component used, or that of one role or component; undefined leaves it out. */
export function used(reading: Reading, change: (usage: Usage) => Usage | undefined): Reading {
  return observed(reading, { usage: reading.observation.usage.flatMap((one) => change(one) ?? []) })
}

export const usageOf = (reading: Reading, change: Partial<Usage>, role?: string): Reading =>
  used(reading, (one) => (role === undefined || one.role === role ? { ...one, ...change } : one))

export const generated = (reading: Reading, change: Partial<Generator>): Reading => ({
  ...reading,
  generator: { ...reading.generator, ...change },
})

/** Adds or replaces a piece of evidence. */
export function shown(reading: Reading, evidence: Omit<Evidence, 'source'>): Reading {
  const others = reading.observation.evidence.filter(({ name }) => name !== evidence.name)
  return observed(reading, { evidence: [...others, { ...evidence, source: 'test' }] })
}

/** A trial that took place so many milliseconds later. */
export function moved({ startedAt, endedAt, ...result }: Result, by: number): Result {
  const [from, to] = [startedAt, endedAt].map((time) => new Date(Date.parse(time) + by).toISOString())
  return { ...result, startedAt: from ?? '', endedAt: to ?? '' }
}

/** A trial whose load failed. */
export const broken = (result: Result): Result => ({
  ...result,
  outcome: { status: 'failed', failure: { code: 'load', message: 'The load broke.' } },
})

/** A result with another reading; failed ones stay as they are. */
export function remeasured(result: Result, change: (reading: Reading) => Reading): Result {
  if (result.outcome.status === 'failed') return result
  return { ...result, outcome: { status: 'measured', reading: change(result.outcome.reading) } }
}
