import type { Seconds } from '../../model/units.ts'

/** A moment of a trial as nanoseconds since the epoch, in decimal: they exceed what a number holds exactly. */
export function unixNanos(start: Seconds, offset: Seconds): string {
  const nanos = Math.round(offset * 1e9)
  const whole = Math.floor(nanos / 1e9)
  return `${start + whole}${String(nanos - whole * 1e9).padStart(9, '0')}`
}
