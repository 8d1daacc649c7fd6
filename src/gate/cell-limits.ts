import type { CellLimits, Level, Limits } from '../model/limits.ts'
import { covers, type Place } from './pattern.ts'

/** What one cell is judged by: the defaults, then every rule that covers it, later ones over earlier ones. */
export function cellLimits(
  { defaults, metrics, assert }: Limits,
  place: Place,
): CellLimits & { readonly level: Level } {
  const found = { ...defaults, level: metrics.includes(place.metric) ? defaults.level : ('off' as const) }
  for (const [pattern, rule] of Object.entries(assert)) {
    if (!covers(pattern, place)) continue
    const [level, options] = typeof rule === 'string' ? [rule, {}] : rule
    Object.assign(found, options, { level })
  }
  return found
}
