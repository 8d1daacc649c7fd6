import { readFileSync } from 'node:fs'

/** A process of this host, told from a later one with the same number by the time it was started. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks from boot to its start; empty where there is no /proc to tell. */
  readonly start: string
}

/** Undefined where none runs under this number; one that has ended and was not yet waited for does not run. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return undefined
  const stat = statFields(pid)
  if (!stat) return { pid, start: '' }
  const [state] = stat
  return state === 'Z' || state === 'X' ? undefined : { pid, start: stat[19] ?? '' }
}

export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid) ?? { pid: process.pid, start: '' }
}

/** Whether that very process still runs. */
export function stillRuns({ pid, start }: ProcessIdentity): boolean {
  const now = identityOf(pid)
  return now !== undefined && (start === '' || now.start === '' || now.start === start)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** From the third field of /proc/PID/stat on: the second, the name in parentheses, may hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
