import { Failure } from '../../../model/failure.ts'
import type { Finding } from '../../../model/platform.ts'

export const ok = (what: string): Finding => ({ severity: 'ok', what })

export const warning = (what: string, why: string, fix: string): Finding => ({ severity: 'warning', what, why, fix })

export const error = (what: string, why: string, fix: string): Finding => ({ severity: 'error', what, why, fix })

/** What was thrown, as a finding that keeps a run from starting. */
export function refusal(thrown: unknown): Finding {
  const { message, why, fix } = Failure.from(thrown)
  return { severity: 'error', what: message, ...(why ? { why } : {}), ...(fix ? { fix } : {}) }
}
