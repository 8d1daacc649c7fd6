import { identityOf, ownIdentity, stillRuns } from './process-identity.ts'

/** Stamped on every process and folder: `MESHBENCH_RUN` names the run, `MESHBENCH_OWNER` the process that made it. */
export const RUN_STAMP = 'MESHBENCH_RUN'
export const OWNER_STAMP = 'MESHBENCH_OWNER'

/** `pid:start time`: a process as a stamp; undefined where none runs. */
export function stampOf(pid: number): string | undefined {
  const identity = identityOf(pid)
  return identity && `${identity.pid}:${identity.start}`
}

export function ownStamp(): string {
  const { pid, start } = ownIdentity()
  return `${pid}:${start}`
}

export function stampedRuns(stamp: string): boolean {
  const [pid, start = ''] = stamp.split(':')
  return stillRuns({ pid: Number(pid), start })
}

/** Whose something is, read from a list of `NAME=value` that end in a zero byte: an environment, or an owner file. */
export function readStamp(text: string | undefined): { readonly run: string; readonly alive: boolean } | undefined {
  const variables = parseEnviron(text ?? '')
  const run = variables.get(RUN_STAMP)
  const owner = variables.get(OWNER_STAMP)
  return run === undefined || owner === undefined ? undefined : { run, alive: stampedRuns(owner) }
}

/** Variables of `/proc/PID/environ`. */
export function parseEnviron(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\0').filter((pair) => pair.includes('='))
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
