import { statOf } from './processes.ts'

/** Stamped on every process and folder: `MESHBENCH_RUN` names the run, `MESHBENCH_OWNER` the process that made it. */
export const RUN_STAMP = 'MESHBENCH_RUN'
export const OWNER_STAMP = 'MESHBENCH_OWNER'

/** `pid:start time`, since a process id alone may have been given to another; undefined where none runs. */
export function processIdentity(pid: number): string | undefined {
  const stat = statOf(pid)
  return stat === undefined || stat.state === 'Z' || stat.state === 'X' ? undefined : `${pid}:${stat.startTime}`
}

export function ownIdentity(): string {
  return processIdentity(process.pid) ?? `${process.pid}:0`
}

export function stillRuns(identity: string): boolean {
  return processIdentity(Number(identity.split(':', 1)[0])) === identity
}
