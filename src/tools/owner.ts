import { hostname } from 'node:os'
import { ownIdentity, stillRuns } from '../host/process-identity.ts'

/** Who a lock or a temporary folder belongs to: host, process id and start time. Safe as a file name. */
export function owner(): string {
  const { pid, start } = ownIdentity()
  return [host(), pid, start].join('~')
}

/** The process id within an owner, for people. */
export function pidOf(name: string): number {
  return Number(name.split('~')[1])
}

/** Whether an owner still runs. Undefined for one on another host (or in another container), which cannot be asked. */
export function isAlive(name: string): boolean | undefined {
  const [where, , start = ''] = name.split('~')
  return where === host() ? stillRuns({ pid: pidOf(name), start }) : undefined
}

const host = () => hostname().replaceAll('~', '-')
