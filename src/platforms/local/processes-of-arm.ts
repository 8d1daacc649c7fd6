import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIds, signalGroup } from '../../host/processes.ts'
import { onExit } from '../../host/scratch.ts'
import { Failure } from '../../model/failure.ts'
import { statOf } from './proc.ts'

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface ChildOptions {
  readonly name: string
  readonly program: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Where its stdout and stderr go. */
  readonly log: string
  /** List of CPUs that it may run on; any when absent. */
  readonly cpus?: string | undefined
}

/** A process of ours, leader of its own group: a Ctrl-C in the terminal does not reach it, and its children go with it. */
export interface Child {
  readonly name: string
  readonly pid: number
  readonly log: string
  /** Never rejects. */
  readonly ended: Promise<Ended>
  /** How it ended; undefined while it runs. */
  end(): Ended | undefined
  stop(): Promise<void>
}

/** Time that a process gets to end by itself, in milliseconds. */
const GRACE = 2000

export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.log, 'a', 0o600)
  try {
    const [program, ...argv] = pinned(options)
    const child = spawn(program, argv, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['ignore', log, log],
    })
    const pid = await spawned(child, options)
    return await holdChild(child, pid, options)
  } finally {
    closeSync(log)
  }
}

export function pinned({
  program,
  argv,
  cpus,
}: Pick<ChildOptions, 'program' | 'argv' | 'cpus'>): [string, ...string[]] {
  return cpus === undefined ? [program, ...argv] : ['taskset', '-c', cpus, program, ...argv]
}

/** The process id, once the program runs. */
export async function spawned(child: ChildProcess, about: { name: string; program: string }): Promise<number> {
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw new Failure('not-started', `${about.name} could not be started from ${about.program}`, {
      cause: error,
      remedy:
        'Check that the file exists, is made for this machine and may be executed; `meshbench doctor` shows where programs come from.',
    })
  }
  return child.pid as number
}

function holdChild(child: ChildProcess, pid: number, { name, log }: ChildOptions): Child {
  let end: Ended | undefined
  const forget = onExit(() => signalGroup(pid, 'SIGKILL'))
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => {
      end = { code, signal }
      resolve(end)
    })
  })
  const stop = async () => {
    await stopGroup(pid, ended, name)
    forget()
  }
  return { name, pid, log, ended, end: () => end, stop }
}

/** SIGTERM, after a grace SIGKILL, to the whole group; then it must be gone. */
export async function stopGroup(pid: number, ended: Promise<unknown>, name: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(pid, signal)
    if (await goneWithin(GRACE, pid)) {
      await ended
      return
    }
  }
  throw new Failure('not-stopped', `${name} (process ${pid}) does not end, not even by SIGKILL`, {
    remedy: `Look at it with \`ps -o pid,stat,wchan,args -g ${pid}\`: a process in state D waits for a device.`,
  })
}

async function goneWithin(milliseconds: number, group: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (signalGroup(group, 0) && groupRuns(group)) {
    if (performance.now() > deadline) return false
    await sleep(3)
  }
  return true
}

/** A zombie still counts as a member: under an init that does not reap, an orphan would stay one for good. */
function groupRuns(group: number): boolean {
  return processIds().some((pid) => {
    const stat = statOf(pid)
    return stat?.group === group && stat.state !== 'Z' && stat.state !== 'X'
  })
}

/** The last lines of a log, for a person who asks why. */
export function lastLines(log: string, count = 3): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}

export function describeEnd({ code, signal }: Ended): string {
  return signal ? `was killed by ${signal}` : `ended with exit code ${code}`
}

/** Aborted as soon as one of them ends, with a Failure that says which and how. */
export function firstDeath(children: readonly Child[]): AbortSignal {
  const control = new AbortController()
  for (const child of children) void child.ended.then((ended) => control.abort(diedFailure(child, ended)))
  return control.signal
}

function diedFailure(child: Child, ended: Ended): Failure {
  const lines = lastLines(child.log)
  return new Failure('process-died', `${child.name} (process ${child.pid}) ${describeEnd(ended)} during the visit`, {
    cause: lines === '' ? 'It left no log line.' : `Its last log lines: ${lines}`,
    remedy:
      'Only this trial is lost: the arm is raised anew. If it happens again, look for memory limits (`dmesg`) and run fewer connections.',
  })
}
