import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Leftover } from '../model/platform.ts'

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

/** Sends a signal to a process group. Returns whether there was anybody to get it. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

/** Every process that this machine shows us; none where there is no /proc. */
export function processIds(): number[] {
  return readdirSafely('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** A file under /proc; undefined where the process has gone, or is not ours to look at. */
export function readProc(path: string): string | undefined {
  return readSafely(`/proc/${path}`)
}

export function readSafely(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

export function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Stamped on every process and folder: `MESHBENCH_RUN` names the run, `MESHBENCH_OWNER` the process that made it. */
export const RUN_STAMP = 'MESHBENCH_RUN'
export const OWNER_STAMP = 'MESHBENCH_OWNER'

/** `pid:start time`: a process as a stamp; undefined where none runs. */
function stampOf(pid: number): string | undefined {
  const identity = identityOf(pid)
  return identity && `${identity.pid}:${identity.start}`
}

export function ownStamp(): string {
  const { pid, start } = ownIdentity()
  return `${pid}:${start}`
}

function stampedRuns(stamp: string): boolean {
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

/** Processes that bear our stamp, whoever started them: servers, proxies, and programs that outlived the run that called them. */
export function processLeftovers(): Leftover[] {
  return processIds().flatMap(ofProcess)
}

function ofProcess(pid: number): Leftover[] {
  const stamp = readStamp(readProc(`${pid}/environ`))
  const identity = stampOf(pid)
  if (!stamp || !identity || pid === process.pid) return []
  const program = basename((readProc(`${pid}/cmdline`) ?? '').split('\0', 1)[0] ?? '')
  return [{ ...stamp, what: `process ${pid} (${program})`, remove: () => kill(identity) }]
}

/** Only the very process that was found: its id may belong to another by now. */
async function kill(identity: string): Promise<void> {
  const pid = Number(identity.split(':', 1)[0])
  for (let tries = 0; stampedRuns(identity); tries++) {
    if (tries === 0) process.kill(pid, 'SIGKILL')
    if (tries === 400) throw new Failure('not-stopped', `process ${pid} does not end, not even by SIGKILL`)
    await sleep(5)
  }
}
