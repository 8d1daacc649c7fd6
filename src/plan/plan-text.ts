import type { Plan } from '../model/plan.ts'

/** A plan as text that depends on its meaning only: keys sorted, what is absent left out, no white space. */
export function planText(plan: Plan): string {
  return JSON.stringify(plan, (_, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
