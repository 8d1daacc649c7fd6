import type { Load, Scenario } from '../model/scenario.ts'

/** Everything about a load that its figures depend on, in one line. */
export function asked({ name: _, ...load }: Load): string {
  return Object.entries(load)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

export function armsOf({ arms }: Pick<Scenario, 'arms'>): Record<string, string> {
  return Object.fromEntries(
    arms.map(({ name, ...arm }) => [
      name,
      Object.entries(arm)
        .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
    ]),
  )
}
