import type { Seconds } from '../model/units.ts'

/** Starts now; each call says how many seconds have passed since. */
export function stopwatch(): () => Seconds {
  const from = performance.now()
  return () => (performance.now() - from) / 1000
}
