import type { Load } from '../../src/model/scenario.ts'
import { loadOf as anyLoad } from '../build/scenario.ts'

/** One request of a made-up fortio run; seconds since its start, which is 0.363000399 s after a whole second. */
export interface Sent {
  readonly thread: number
  readonly call: number
  readonly start: number
  readonly latency: number
  readonly ok?: boolean
  readonly details?: string
}

export const START = { text: '2026-11-22T07:46:38.363000399Z', seconds: 1_795_333_598, nanos: 363_000_399 }

export function lineOf({ thread, call, start, latency, ok = true, details = '200' }: Sent): string {
  const timestamp = BigInt(START.seconds) * 1_000_000_000n + BigInt(START.nanos) + BigInt(Math.round(start * 1e9))
  const head = `{"latency":${latency.toFixed(6)},"timestamp":${timestamp},"thread":${thread},"iter":${call}`
  return `${head},"ok":${ok},"details":"${details}"}\n`
}

/** fortio's result for such a run. */
export function resultOf(load: Load, sent: readonly Sent[], more: object = {}): string {
  const latencies = sent.map(({ latency }) => latency)
  const histogram = {
    Count: sent.length,
    Min: Math.min(...latencies),
    Max: Math.max(...latencies),
    Sum: 0,
    Avg: 0,
    Data: [{ Start: Math.min(...latencies), End: Math.max(...latencies), Percent: 100, Count: sent.length }],
  }
  return JSON.stringify({
    Version: '1.68.0',
    StartTime: START.text,
    RequestedQPS: `${load.rate}`,
    RequestedDuration: `${load.duration}s`,
    NumThreads: load.connections,
    Uniform: true,
    NoCatchUp: false,
    DurationHistogram: histogram,
    ...more,
  })
}

/** A server that answers within `service`, and not at all from `stops` until `goes`; connections that send one request at a time. */
export interface Stall {
  readonly service: number
  readonly stops: number
  readonly goes: number
}

/** fortio's loop: on time, or with catch-up as soon as the connection is free. */
export function simulate(load: Load & { rate: number }, { service, stops, goes }: Stall): Sent[] {
  const { rate, duration, connections } = load
  const calls = Math.floor(Math.floor(rate * duration) / connections)
  const interval = connections / rate
  const sent: Sent[] = []
  for (let thread = 0; thread < connections; thread++) {
    let free = 0
    for (let call = 0; call < calls; call++) {
      const due = (thread / connections) * interval + (call + call / (calls - 1)) * interval
      const start = Math.max(due, free)
      const answered = start + service > stops && start < goes ? goes + service : start + service
      free = answered
      sent.push({ thread, call, start, latency: answered - start })
    }
  }
  return sent.sort((a, b) => a.start + a.latency - b.start - b.latency)
}

export function loadOf(over: Partial<Load> = {}): Load {
  return anyLoad({ name: 'made-up', payload: 0, warmup: 0, duration: 60, ...over })
}
