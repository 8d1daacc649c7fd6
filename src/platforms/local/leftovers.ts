import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../model/failure.ts'
import type { Leftover } from '../../model/platform.ts'
import { OWNER_STAMP, processIdentity, RUN_STAMP, stillRuns } from './owner.ts'
import { parseEnviron } from './proc.ts'
import { processIds, readdirSafely, readProc, readSafely } from './processes.ts'
import { OWNER_FILE, SCRATCH_PREFIX } from './scratch.ts'

/** Processes and scratch folders that bear our stamp, whoever made them. Processes first, since they write into folders. */
export function findLeftovers(): Leftover[] {
  return [...processIds().flatMap(ofProcess), ...readdirSafely(tmpdir()).flatMap(ofFolder)]
}

function ofProcess(pid: number): Leftover[] {
  const stamp = readStamp(readProc(`${pid}/environ`))
  const identity = processIdentity(pid)
  if (!stamp || !identity || pid === process.pid) return []
  const program = basename((readProc(`${pid}/cmdline`) ?? '').split('\0', 1)[0] ?? '')
  return [{ ...stamp, what: `process ${pid} (${program})`, remove: () => kill(identity) }]
}

function ofFolder(name: string): Leftover[] {
  if (!name.startsWith(SCRATCH_PREFIX)) return []
  const dir = join(tmpdir(), name)
  const stamp = readStamp(readSafely(join(dir, OWNER_FILE)))
  return stamp ? [{ ...stamp, what: `folder ${dir}`, remove: () => rm(dir, { recursive: true, force: true }) }] : []
}

function readStamp(text: string | undefined): Pick<Leftover, 'run' | 'alive'> | undefined {
  const variables = parseEnviron(text ?? '')
  const run = variables.get(RUN_STAMP)
  const owner = variables.get(OWNER_STAMP)
  return run === undefined || owner === undefined ? undefined : { run, alive: stillRuns(owner) }
}

/** Only the very process that was found: its id may belong to another by now. */
async function kill(identity: string): Promise<void> {
  const pid = Number(identity.split(':', 1)[0])
  for (let tries = 0; stillRuns(identity); tries++) {
    if (tries === 0) process.kill(pid, 'SIGKILL')
    if (tries === 400) throw new Failure('not-stopped', `process ${pid} does not end, not even by SIGKILL`)
    await sleep(5)
  }
}
