import { Readable } from 'node:stream'
import { vegetaResults } from '../../src/loads/vegeta/vegeta-results.ts'
import type { LoadToolName } from '../../src/model/traits.ts'

/** A stall as the fluid of a queue: what response times must come out when a server does nothing for a while. */
export interface Stall {
  readonly rate: number
  /** Length of the run, in seconds. */
  readonly duration: number
  /** Length of the stall, in seconds. */
  readonly lasts: number
  /** Requests per second that were answered while the backlog was worked off. */
  readonly drain: number
  /** Response time of an undisturbed request, in seconds. */
  readonly usual: number
}

/**
 * The q-quantile of response times, by playing every request through one queue: planned every 1/rate, answered in
 * order, nothing during the stall, then at `drain` per second until the backlog is gone. Nearest rank.
 */
export function expectedQuantile(q: number, { rate, duration, lasts, drain, usual }: Stall): number {
  const opens = duration / 3
  const responses: number[] = []
  let free = 0
  for (let request = 0; request < rate * duration; request++) {
    const planned = request / rate
    const start = Math.max(planned, free)
    const stalled = start >= opens && start < opens + lasts
    const begun = stalled ? opens + lasts : start
    const backlog = begun > planned
    free = backlog ? begun + 1 / drain : begun
    responses.push(Math.max(usual, free - planned))
  }
  responses.sort((a, b) => a - b)
  return responses[Math.ceil(q * responses.length) - 1] as number
}

/** How fast the backlog went: answers between the server's waking and the time when they came no faster than usual, per second. */
export function measuredDrain(ends: readonly number[], woke: number, rate: number): number {
  const after = ends.filter((end) => end >= woke).sort((a, b) => a - b)
  const window = 20
  for (let index = window; index < after.length; index++) {
    const before = after[index - window] as number
    if (window / ((after[index] as number) - before) < 1.5 * rate) return (index - window) / (before - woke)
  }
  throw new Error('the backlog was never worked off')
}

interface Line {
  readonly timestamp: number
  readonly latency: number
}

/** When answers came, in seconds since the epoch, from the tools' own output. */
export const endsOf: Readonly<Record<LoadToolName, (files: Files) => number[] | Promise<number[]>>> = {
  fortio: (files) =>
    textOf(files['access.jsonl'])
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .map(({ timestamp, latency }) => timestamp / 1e9 + latency),
  k6: (files) =>
    textOf(files['samples.csv'])
      .split('\n')
      .filter((line) => line.startsWith('http_req_duration,'))
      .map((line) => Number(line.split(',', 2)[1]) / 1e6),
  vegeta: async (files) => {
    const { origin, starts, services } = await vegetaResults(Readable.from([files['results.gob'] ?? []]), {
      timeout: 10,
    })
    return starts.map((start, index) => origin + (start + (services[index] ?? 0)) / 1e6)
  },
}

type Files = Readonly<Record<string, Uint8Array>>

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}
