import { createHash } from 'node:crypto'
import type { Plan } from '../model/plan.ts'
import { planText } from '../plan/plan-text.ts'

/** SHA-256 of a plan, the same for the same plan whatever the order of its keys. */
export function planDigest(plan: Plan): string {
  return createHash('sha256').update(planText(plan)).digest('hex')
}
