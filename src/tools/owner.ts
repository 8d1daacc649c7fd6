import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/**
 * Who a lock or a temporary folder belongs to: host, process id and, on Linux, the process's start time, so that a
 * process id that was given out again is not taken for the owner. Safe as a file name.
 */
export async function owner(): Promise<string> {
  return [hostname().replaceAll('~', '-'), process.pid, (await startOf(process.pid)) ?? ''].join('~')
}

/** The process id within an owner, for people. */
export function pidOf(name: string): number {
  return Number(name.split('~')[1])
}

/** Whether an owner still runs. Undefined for one on another host (or in another container), which cannot be asked. */
export async function isAlive(name: string): Promise<boolean | undefined> {
  const [host, , start] = name.split('~')
  const pid = pidOf(name)
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (host !== hostname().replaceAll('~', '-')) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = await startOf(pid)
  return !start || now === undefined || now === start
}

/** Start time in clock ticks since boot: the 22nd field of /proc/<pid>/stat; the second may hold spaces. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
