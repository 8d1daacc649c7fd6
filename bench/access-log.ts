/**
 * Reads an access log of fortio: `node bench/access-log.ts [lines]`, a million by default, held in memory. The parser
 * against readline with JSON.parse on each line; both record in the same way, so what differs is the parsing.
 */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { accessLogScanner, requestsOf } from '../src/loads/fortio-access-log.ts'
import { type FortioReading, fortioReading } from '../src/loads/fortio-reading.ts'
import type { FortioResult } from '../src/loads/fortio-result.ts'
import type { Instant } from '../src/loads/fortio-schedule.ts'
import { type Outcome, outcomeRegistry } from '../src/loads/outcomes.ts'
import { wholeLines } from '../src/loads/whole-lines.ts'
import { random } from '../src/stats/random.ts'

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
  const lines = createInterface({ input: Readable.from(chunksOf(log)), crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', (text) => {
    const { latency, timestamp, thread, iter, ok, details } = JSON.parse(text)
    requests.thread[count] = thread
    requests.call[count] = iter
    requests.start[count] = (timestamp - ORIGIN.seconds * 1e9) / 1000
    requests.latency[count] = Math.round(latency * 1e6)
    requests.outcome[count++] = known.get(details) ?? outcomes.named(ok, details)
    if (count === BATCH) flush()
  })
  await new Promise((resolve) => lines.once('close', resolve))
  flush()
  return reading
}

/** Best of a few rounds, in seconds. */
async function best(read: () => Promise<FortioReading>): Promise<{ seconds: number; reading: FortioReading }> {
  let least = { seconds: Number.POSITIVE_INFINITY, reading: await read() }
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    const reading = await read()
    const seconds = (performance.now() - started) / 1000
    if (seconds < least.seconds) least = { seconds, reading }
  }
  return least
}

const lines = Number(process.argv[2] ?? 1e6)
const result = resultOf(lines)
const log = logOf(lines, fortioReading(result).schedule)
const ours = await best(() => scanned(log, result))
const theirs = await best(() => parsed(log, result))
const [mine, other] = [ours, theirs].map(({ reading }) => JSON.stringify([reading.window.latency(), reading.seen]))
const rate = (seconds: number) => `${(lines / seconds / 1e6).toFixed(2)} million lines a second`

console.log(`${lines} lines, ${(log.length / 1e6).toFixed(0)} MB; best of ${ROUNDS}, recording included`)
console.log(`scanner               ${rate(ours.seconds)} (goal: 1)`)
console.log(`readline, JSON.parse  ${rate(theirs.seconds)}`)
console.log(`ratio                 ${(theirs.seconds / ours.seconds).toFixed(1)} (goal: 5)`)
console.log(`histograms            ${mine === other ? 'equal' : 'different'}`)
if (mine !== other) process.exitCode = 1
