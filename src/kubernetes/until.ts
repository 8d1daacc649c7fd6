import { milliseconds, type Seconds } from '../model/units.ts'
import type { Api } from './api.ts'
import { follow } from './follow.ts'

/** Watches a list until it is as wanted. False when it was not within the time. */
export async function until<T>(
  api: Api,
  path: string,
  wanted: (objects: readonly T[]) => boolean,
  within: Seconds,
  signal: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController()
  const limit = AbortSignal.timeout(milliseconds(within))
  let seen = false
  try {
    await follow<T>(
      api,
      path,
      (objects) => {
        seen = wanted(objects)
        if (seen) stop.abort()
      },
      AbortSignal.any([stop.signal, limit, signal]),
    )
  } catch (error) {
    signal.throwIfAborted()
    if (!seen && !limit.aborted) throw error
  }
  signal.throwIfAborted()
  return seen
}
