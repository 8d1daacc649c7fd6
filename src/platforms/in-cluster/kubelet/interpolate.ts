import type { Seconds } from '../../../model/units.ts'
import type { CgroupCounters, CgroupSnapshot } from '../node-snapshot.ts'
import type { TimedCounters } from './cadvisor.ts'
import type { IdleRate } from './idle-rates.ts'

/** One node around a window: the last readings before it opened and the first after it closed. Times by the node's wall clock. */
export interface Bracket {
  readonly opened: Seconds
  readonly closed: Seconds
  /** How far each of these two may be off. */
  readonly clockDoubt: Seconds
  /** By path; that of the root is empty. */
  readonly before: ReadonlyMap<string, TimedCounters>
  readonly after: ReadonlyMap<string, TimedCounters>
}

/**
 * The counters as they were when the window opened and closed, from readings before and after it. Outside of the window there is
 * no load, so what a cgroup used there is its idle rate times that time:
 *
 *     CPU of the window = growth − idle × outside,   outside = (opened − before) + (after − closed)
 *     largest error     = doubt of idle × outside + (idle + its doubt) × doubt of both clocks, and no more than the growth
 *
 * A cgroup whose idle rate is not known is taken to have used as much per second outside as within, and its error is all that
 * this makes outside. Memory, threads and throttling are those of the readings.
 */
export function interpolate(
  bracket: Bracket,
  idleOf: (path: string) => IdleRate | undefined,
): { open: CgroupSnapshot; close: CgroupSnapshot } {
  const open = new Map<string, CgroupCounters>()
  const close = new Map<string, CgroupCounters>()
  for (const [path, { at: _, ...before }] of bracket.before) {
    // What ended within the window has no second reading: it is seen as gone.
    if (!bracket.after.has(path)) open.set(path, before)
  }
  for (const [path, end] of bracket.after) {
    const start = bracket.before.get(path)
    const { at: _end, ...after } = end
    if (!start) {
      close.set(path, after)
      continue
    }
    const { at: _start, ...before } = start
    const { from, to, doubt } = within(start, end, bracket, idleOf(path))
    open.set(path, { ...before, cpuSeconds: from })
    close.set(path, { ...after, cpuSeconds: to, cpuDoubt: doubt })
  }
  return { open: asSnapshot(open), close: asSnapshot(close) }
}

function within(
  start: TimedCounters,
  end: TimedCounters,
  { opened, closed, clockDoubt }: Bracket,
  known: IdleRate | undefined,
): { from: Seconds; to: Seconds; doubt: Seconds } {
  const growth = Math.max(0, end.cpuSeconds - start.cpuSeconds)
  const lasted = end.at - start.at
  const average = lasted > 0 ? growth / lasted : 0
  const { cores, doubt } = known ?? { cores: average, doubt: average }
  const early = Math.max(0, opened - start.at)
  const late = Math.max(0, end.at - closed)
  const from = Math.min(start.cpuSeconds + cores * early, start.cpuSeconds + growth)
  const to = Math.max(from, start.cpuSeconds + growth - cores * late)
  const error = doubt * (early + late) + (cores + doubt) * 2 * clockDoubt
  return { from, to, doubt: Math.min(error, growth) }
}

function asSnapshot(all: Map<string, CgroupCounters>): CgroupSnapshot {
  // Of the root, threads are those of no group below it.
  const { cpuSeconds = 0, memoryBytes = 0, tasks: _, ...total } = all.get('') ?? {}
  all.delete('')
  return { total: { ...total, cpuSeconds, memoryBytes }, cgroups: all }
}
