import { createHash } from 'node:crypto'
import type { Plan } from '../model/plan.ts'

/** SHA-256 of a plan, the same for the same plan whatever the order of its keys. */
export function planDigest(plan: Plan): string {
  return createHash('sha256').update(canonical(plan)).digest('hex')
}

/** JSON with sorted keys; absent and undefined are the same, as in JSON. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
