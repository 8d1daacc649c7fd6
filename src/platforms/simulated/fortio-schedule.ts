import type { Seconds } from '../../model/units.ts'
import type { FortioFlags } from './fortio-flags.ts'
import type { Server } from './server.ts'

/** One line of the access log; times in seconds from the start. */
export interface Call {
  readonly thread: number
  readonly iter: number
  readonly sentAt: Seconds
  readonly answeredAt: Seconds
  readonly ok: boolean
}

export interface FortioRun {
  /** In the order of their answers. */
  readonly calls: readonly Call[]
  readonly threads: number
  readonly callsPerThread: number
  /** Calls that each thread had made when the time was over, where it had not made all of them. */
  readonly cutShort: readonly { readonly thread: number; readonly calls: number }[]
  /** Share of the pauses between calls that were late by a millisecond or more. */
  readonly behind: number
  readonly elapsed: Seconds
}

/** How many calls each thread makes, and when each is due. */
interface Pace {
  readonly threads: number
  readonly callsPerThread: number
  due(thread: number, iter: number): Seconds
}

/**
 * fortio's loop: each thread has one connection and one request open at most, sends when its schedule says so or, when
 * that has passed, as soon as it has its answer, and gives up at the end of the time.
 */
export function fortioSchedule(flags: FortioFlags, server: Server): FortioRun {
  const pace = flags.qps === 0 ? unpaced(flags) : paced(flags)
  const { threads, callsPerThread } = pace
  const byThread = Array.from({ length: threads }, (_, thread) => callsOf(thread, pace, flags.seconds, server))
  const calls = byThread.flat().sort((a, b) => a.answeredAt - b.answeredAt)
  return {
    calls,
    threads,
    callsPerThread,
    cutShort: byThread.flatMap(({ length }, thread) =>
      flags.qps > 0 && length < callsPerThread ? [{ thread, calls: length }] : [],
    ),
    behind: flags.qps === 0 ? 0 : shareBehind(byThread, pace),
    elapsed: calls.at(-1)?.answeredAt ?? flags.seconds,
  }
}

function unpaced({ connections }: FortioFlags): Pace {
  return { threads: connections, callsPerThread: Number.POSITIVE_INFINITY, due: () => 0 }
}

/** The schedule is stretched so that the last call is due at the very end (periodic.go of fortio 1.68). */
function paced({ qps, seconds, connections, uniform }: FortioFlags): Pace {
  const total = Math.max(2, Math.floor(qps * seconds))
  const threads = Math.max(1, Math.min(connections, Math.floor(total / 2)))
  const callsPerThread = Math.floor(total / threads)
  const due = (thread: number, iter: number) =>
    (uniform ? thread / qps : 0) + ((iter + iter / (callsPerThread - 1)) * threads) / qps
  return { threads, callsPerThread, due }
}

/** A thread that has made two calls stops when the time is over, but for its very last call. */
function callsOf(thread: number, { callsPerThread, due }: Pace, seconds: Seconds, server: Server): Call[] {
  const calls: Call[] = []
  let free = 0
  for (let iter = 0; iter < callsPerThread; iter++) {
    const sentAt = server.awake(Math.max(free, due(thread, iter)))
    if (sentAt > seconds && iter >= 2 && iter !== callsPerThread - 1) break
    const { at: answeredAt, ok } = server.answer(sentAt)
    const at = server.awake(answeredAt)
    calls.push({ thread, iter, sentAt, answeredAt: at, ok })
    free = at
  }
  return calls
}

/** A pause falls behind when it ought to have ended a millisecond ago or more. */
function shareBehind(byThread: readonly (readonly Call[])[], { due }: Pace): number {
  let pauses = 0
  let late = 0
  for (const calls of byThread) {
    for (let iter = 1; iter < calls.length; iter++) {
      pauses++
      if ((calls[iter - 1]?.answeredAt ?? 0) - due(calls[iter]?.thread ?? 0, iter) >= 0.001) late++
    }
  }
  return pauses === 0 ? 0 : late / pauses
}
