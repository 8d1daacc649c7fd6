import type { Leftover } from '../model/platform.ts'

export interface Removal {
  readonly leftover: Leftover
  /** Why it is still there; absent when it has gone. */
  readonly reason?: string
}

/** One after the other, in the order given: a process that still works makes more of what comes after it. */
export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<Removal[]> {
  const removals: Removal[] = []
  for (const leftover of leftovers) {
    try {
      await leftover.remove()
      removals.push({ leftover })
    } catch (error) {
      removals.push({ leftover, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return removals
}

/** Two platforms may both know of a thing. */
export function eachOnce(leftovers: readonly Leftover[]): Leftover[] {
  return [...new Map(leftovers.map((leftover) => [leftover.what, leftover])).values()]
}
