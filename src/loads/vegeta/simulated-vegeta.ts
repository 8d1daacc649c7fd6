import type { Command, LoadOutcome, SimulatedServer, SimulatedTarget } from '../../model/platform.ts'
import { parseDuration, type Seconds } from '../../model/units.ts'
import { places } from '../arrivals.ts'

/** Runs `vegeta attack` against the simulated server: its binary results as version 12.13.0 writes them. */
export function simulatedVegeta(command: Command, { load, start, server }: SimulatedTarget): LoadOutcome {
  const flags = flagsOf(command)
  const hits = attack(flags, server(flags.workers))
  const bytes = load.request?.answer ?? load.payload
  const inOrder = hits.toSorted((a, b) => a.answeredAt - b.answeredAt)
  const seconds = inOrder.at(-1)?.answeredAt ?? flags.duration
  const messages = inOrder.map((hit) => message([...TYPE_ID, ...resultFields(hit, start, bytes), 0]))
  return {
    exitCode: 0,
    stdout: '',
    stderr: '',
    files: new Map([[flags.output, Buffer.concat([DESCRIPTION, ...messages])]]),
    seconds,
    window: seconds,
    requests: hits.length,
    connections: flags.workers,
  }
}

/** What the simulation reads of the command line. */
interface Flags {
  /** From one request to the next; 0 as fast as answers come. */
  readonly period: Seconds
  readonly duration: Seconds
  readonly workers: number
  readonly output: string
}

function flagsOf({ argv }: Command): Flags {
  const after = (flag: string) => argv[argv.indexOf(flag) + 1] ?? ''
  const [count = '0', within = '1s'] = after('-rate').split('/')
  const each = (parseDuration(within) ?? 1) / Number(count)
  return {
    period: Number(count) === 0 ? 0 : Math.floor(each * 1e9) / 1e9,
    duration: parseDuration(after('-duration')) ?? 0,
    workers: Number(after('-max-workers')),
    output: after('-output'),
  }
}

/** One request; times in seconds from the start. */
interface Hit {
  readonly seq: number
  readonly sentAt: Seconds
  readonly answeredAt: Seconds
  readonly ok: boolean
}

/** Each is sent by the first worker that is free, not before it is due, and none once the time was over at the one before. */
function attack({ period, duration, workers }: Flags, server: SimulatedServer): Hit[] {
  const free = places(workers)
  const hits: Hit[] = []
  for (let seq = 0; (hits.at(-1)?.sentAt ?? 0) <= duration; seq++) {
    const sentAt = server.awake(Math.max((seq + 1) * period, free.free(), 0))
    // The tick on the end itself is sent or not by some microseconds: here it is sent.
    if (period > 0 && (seq + 1) * period > duration + period / 2) break
    const { at, ok } = server.answer(sentAt)
    const answeredAt = server.awake(at)
    free.take(answeredAt)
    hits.push({ seq, sentAt, answeredAt, ok })
  }
  return hits
}

/** What gob writes first: the names and types of the fields (of a run of 12.13.0). */
const DESCRIPTION = Buffer.from(
  '/5Z/AwEBBlJlc3VsdAH/gAABDAEGQXR0YWNrAQwAAQNTZXEBBgABBENvZGUBBgABCVRpbWVzdGFtcAH/ggABB0xhdGVuY3kBBAABCEJ5dGVzT3V0AQYAAQdCeXRlc0luAQYAAQVFcnJvcgEMAAEEQm9keQEKAAEGTWV0aG9kAQwAAQNVUkwBDAABB0hlYWRlcnMB/4YAAAAQ/4EFAQEEVGltZQH/ggAAABf/hQQBAQZIZWFkZXIB/4YAAQwB/4QAAAz/gwIBAv+EAAEMAAA=',
  'base64',
)
const TYPE_ID = [0xff, 0x80]

/** Seconds from the beginning of the year 1 to that of 1970. */
const YEAR_ONE = 62_135_596_800n

/** Each field begins with how many it is after the one before; those that are zero are left out. */
function resultFields({ seq, sentAt, answeredAt, ok }: Hit, start: Seconds, bytes: number): number[] {
  const nanos = BigInt(Math.round(sentAt * 1e9))
  const time = Buffer.alloc(15)
  time.writeUInt8(1)
  time.writeBigInt64BE(BigInt(start) + YEAR_ONE + nanos / 1_000_000_000n, 1)
  time.writeUInt32BE(Number(nanos % 1_000_000_000n), 9)
  const latency = 2 * Math.max(0, Math.round((answeredAt - sentAt) * 1e9))
  const status = ok ? 200 : 503
  return [
    ...(seq > 0 ? [2, ...uint(seq), 1] : [3]),
    ...[...uint(status), 1, ...block(time), 1, ...uint(latency)],
    ...(ok ? [5] : [3, ...block(Buffer.from('503 Service Unavailable')), 2]),
    ...[...block(Buffer.from('GET')), 1, ...block(Buffer.from('http://server.simulated:8080/')), 1],
    ...[1, ...block(Buffer.from('Content-Length')), 1, ...block(Buffer.from(`${bytes}`))],
  ]
}

/** Below 128 it is one byte; else that is the negated number of bytes that follow, the highest first. */
function uint(value: number): number[] {
  if (value < 128) return [value]
  const digits: number[] = []
  for (let left = value; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256)
  return [256 - digits.length, ...digits]
}

function block(bytes: Uint8Array): number[] {
  return [...uint(bytes.length), ...bytes]
}

function message(bytes: readonly number[]): Buffer {
  return Buffer.from([...uint(bytes.length), ...bytes])
}
