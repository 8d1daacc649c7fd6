import type { Finding } from '../../../model/platform.ts'

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
