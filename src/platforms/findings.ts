import { Failure } from '../model/failure.ts'
import type { Finding } from '../model/platform.ts'

/** What a check finds; where it throws, that is what is found. */
export function findingsOf(check: () => Finding[]): Finding[] {
  try {
    return check()
  } catch (thrown) {
    return [Failure.from(thrown).toFinding()]
  }
}

export const ok = (message: string): Finding => ({ severity: 'ok', message })

export const warning = (message: string, cause: string, remedy: string): Finding => ({
  severity: 'warning',
  message,
  cause,
  remedy,
})

export const error = (message: string, cause: string, remedy: string): Finding => ({
  severity: 'error',
  message,
  cause,
  remedy,
})
