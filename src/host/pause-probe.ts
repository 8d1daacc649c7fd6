import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Micros, Seconds } from '../model/units.ts'
import type { Reclaim } from '../model/usage.ts'
import { readStrain, type Strain, scheduledReclaim, strainBetween } from './strain.ts'

/** Times at which threads that sleep a millisecond at a time came back too late. All since the start of the probe. */
interface Gaps {
  readonly starts: Micros[]
  readonly latencies: Micros[]
}

/** What a machine did to threads that wanted next to nothing of it. */
export interface PauseProbe {
  readonly seconds: Seconds
  /** One for each core that this process may use. */
  readonly threads: number
  readonly gaps: Gaps
  /** What all tasks of the machine waited for meanwhile. */
  readonly strain: Strain
  readonly reclaim?: Reclaim
}

/** In milliseconds: how long a thread sleeps, and above what it was kept from coming back. */
export const SLEEP = 1
const LATE = 10
/** For the threads to be made, so that all begin at the same time. In milliseconds. */
const START = 300

export interface ProbeClock {
  /** Milliseconds; the same for all threads. */
  now(): number
  sleep(milliseconds: number): void
}

/** One thread's part: sleeps and wakes until the time is over, and keeps what took too long. */
export function gapsWithin(from: number, seconds: Seconds, clock: ProbeClock): Gaps {
  const gaps: Gaps = { starts: [], latencies: [] }
  clock.sleep(Math.max(0, from - clock.now()))
  for (let last = clock.now(); last < from + 1000 * seconds; ) {
    clock.sleep(SLEEP)
    const at = clock.now()
    if (at - last > LATE) {
      gaps.starts.push(1000 * (last - from))
      gaps.latencies.push(1000 * (at - last))
    }
    last = at
  }
  return gaps
}

/** Watches this machine for so long, with a thread for each core. Each takes a percent or two of one. */
export async function probePauses(seconds: Seconds, signal: AbortSignal): Promise<PauseProbe> {
  const threads = availableParallelism()
  const reclaim = scheduledReclaim()
  const from = monotonic() + START
  const workers = Array.from({ length: threads }, () => {
    return new Worker(new URL(import.meta.url), { workerData: { probe: { from, seconds } satisfies Asked } })
  })
  try {
    const open = readStrain()
    const found = await Promise.all(
      workers.map(async (worker): Promise<Gaps> => (await once(worker, 'message', { signal }))[0]),
    )
    return {
      seconds,
      threads,
      gaps: { starts: found.flatMap(({ starts }) => starts), latencies: found.flatMap(({ latencies }) => latencies) },
      strain: strainBetween(open, readStrain()),
      ...(reclaim && { reclaim }),
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

interface Asked {
  readonly from: number
  readonly seconds: Seconds
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** This file is the program of its own threads, too. */
const asked = isMainThread ? undefined : (workerData as { probe?: Asked } | null)?.probe
if (asked) {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const sleep = (milliseconds: number) => void Atomics.wait(cell, 0, 0, milliseconds)
  parentPort?.postMessage(gapsWithin(asked.from, asked.seconds, { now: monotonic, sleep }))
}
