import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Leftover } from '../model/platform.ts'
import { readStamp, stampedRuns, stampOf } from './owner-stamp.ts'
import { processIds, readProc } from './proc-files.ts'

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
