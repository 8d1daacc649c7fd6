import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { accessLogScanner, type Instant, requestsOf } from '../src/loads/fortio/fortio-access-log.ts'
import { type FortioReading, fortioReading } from '../src/loads/fortio/fortio-reading.ts'
import type { FortioResult } from '../src/loads/fortio/fortio-result.ts'
import { decodeHistogram } from '../src/loads/histogram.ts'
import { type Outcome, outcomeRegistry } from '../src/loads/messages.ts'
import { wholeLines } from '../src/loads/whole-lines.ts'
import { random } from '../src/stats/random.ts'

/**
 * Reads an access log of fortio: `node bench/access-log.ts [lines]`, a million by default, held in memory.
 * Against it: readline with JSON.parse on each line, once with everything that the scanner's reading records besides
 * (time line, lateness, settling), once the plain way, with nothing but the two histograms of hdr-histogram-js.
 */

const CONNECTIONS = 16
const RATE = 10_000
const CHUNK = 64 * 1024
const BATCH = 600
const ROUNDS = 5
const ORIGIN: Instant = { seconds: 1_795_333_598, nanos: 0 }

function resultOf(lines: number): FortioResult {
  const histogram = { Count: lines, Min: 0, Max: 0, Sum: 0, Avg: 0, Data: [] }
  return {
    Version: '1.68.0',
    StartTime: '2026-11-22T07:46:38Z',
    RequestedQPS: `${RATE}`,
    RequestedDuration: `${lines / RATE}s`,
    NumThreads: CONNECTIONS,
    Uniform: true,
    NoCatchUp: false,
    ActualDuration: 0,
    DurationHistogram: { ...histogram, Data: [{ Start: 3e-4, End: 4e-4, Percent: 100, Count: lines }] },
  }
}

/** Log-normal latencies, one error in 200. Times are multiples of 512 ns, which a number holds exactly: JSON.parse loses nothing. */
function logOf(lines: number, { stride, offsets }: FortioReading['schedule']): Buffer {
  const chance = random(1, 'access-log')
  const text: string[] = []
  for (let line = 0; line < lines; line++) {
    const thread = line % CONNECTIONS
    const call = (line - thread) / CONNECTIONS
    const after = (offsets[thread] as number) + call * stride + 60 + 40 * chance.uniform()
    const nanos = Math.round((after * 1000) / 512) * 512
    const timestamp = BigInt(ORIGIN.seconds) * 1_000_000_000n + BigInt(nanos)
    const latency = (4e-4 * Math.exp(0.5 * chance.normal())).toFixed(6)
    const end = chance.integer(200) === 0 ? '"ok":false,"details":"503"' : '"ok":true,"details":"200"'
    text.push(`{"latency":${latency},"timestamp":${timestamp},"thread":${thread},"iter":${call},${end}}\n`)
  }
  return Buffer.from(text.join(''))
}

async function* chunksOf(log: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < log.length; at += CHUNK) yield log.subarray(at, at + CHUNK)
}

async function scanned(log: Buffer, result: FortioResult): Promise<FortioReading> {
  const reading = fortioReading(result)
  const scan = accessLogScanner(ORIGIN, outcomeRegistry())
  for await (const block of wholeLines(chunksOf(log))) reading.take(scan(block))
  return reading
}

interface Line {
  readonly latency: number
  readonly timestamp: number
  readonly thread: number
  readonly iter: number
  readonly ok: boolean
  readonly details: string
}

async function parsedLines(log: Buffer, each: (line: Line) => void): Promise<void> {
  const lines = createInterface({ input: Readable.from(chunksOf(log)), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const text of lines) each(JSON.parse(text))
}

async function parsed(log: Buffer, result: FortioResult): Promise<FortioReading> {
  const reading = fortioReading(result)
  const requests = requestsOf(BATCH)
  const outcomes = outcomeRegistry()
  const known = new Map<string, Outcome>(['200', '503'].map((code) => [code, outcomes.named(code === '200', code)]))
  let count = 0
  const flush = () => {
    reading.take({ ...requests, count })
    count = 0
  }
  await parsedLines(log, ({ latency, timestamp, thread, iter, ok, details }) => {
    requests.thread[count] = thread
    requests.call[count] = iter
    requests.start[count] = (timestamp - ORIGIN.seconds * 1e9) / 1000
    requests.latency[count] = Math.round(latency * 1e6)
    requests.outcome[count++] = known.get(details) ?? outcomes.named(ok, details)
    if (count === BATCH) flush()
  })
  flush()
  return reading
}

async function plain(log: Buffer, { threads, stride, offsets }: FortioReading['schedule']): Promise<string[]> {
  const done = new Array<number>(threads).fill(0)
  const options = { bitBucketSize: 32, autoResize: true, numberOfSignificantValueDigits: 3 } as const
  const [service, response] = [build(options), build(options)]
  await parsedLines(log, ({ latency, thread, iter, ok }) => {
    const took = Math.round(latency * 1e6)
    const due = (offsets[thread] as number) + iter * stride
    const ends = Math.max(done[thread] as number, due) + took
    done[thread] = ends
    if (!ok) return
    service.recordValue(took)
    response.recordValue(Math.round(ends - due))
  })
  return [service, response].map(encodeIntoCompressedBase64)
}

/** Best of a few rounds, in seconds. */
async function best<T>(read: () => Promise<T>): Promise<{ seconds: number; last: T }> {
  let last = await read()
  let seconds = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    last = await read()
    seconds = Math.min(seconds, (performance.now() - started) / 1000)
  }
  return { seconds, last }
}

/** Counts by slot, which is all that two histograms can differ in. */
function slots(...encoded: (string | undefined)[]): string {
  return JSON.stringify(encoded.map((text) => decodeHistogram(text ?? '').encode()))
}

const lines = Number(process.argv[2] ?? 1e6)
const result = resultOf(lines)
const { schedule } = fortioReading(result)
const log = logOf(lines, schedule)
const scanner = await best(() => scanned(log, result))
const same = await best(() => parsed(log, result))
const simple = await best(() => plain(log, schedule))
const { service, response } = scanner.last.window.latency()
const others = [same.last.window.latency(), { service: simple.last[0], response: simple.last[1] }]
const isEqual = others.every((other) => slots(other.service, other.response) === slots(service, response))

const row = (name: string, { seconds }: { seconds: number }) =>
  console.log(
    `${name.padEnd(50)}${(lines / seconds / 1e6).toFixed(2).padStart(6)} million lines/s`,
    `${(seconds / scanner.seconds).toFixed(1)} ×`,
  )
console.log(`${lines} lines, ${(log.length / 1e6).toFixed(0)} MB, best of ${ROUNDS}; goals: 1 million lines/s, 5 ×`)
row('scanner, all that is recorded', scanner)
row('readline, JSON.parse, all that is recorded', same)
row('readline, JSON.parse, two of hdr-histogram-js', simple)
console.log(`histograms ${isEqual ? 'equal' : 'different'}`)
if (!isEqual) process.exitCode = 1
