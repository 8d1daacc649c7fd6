import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { signalGroup } from '../../host/processes.ts'
import { onExit } from '../../host/scratch.ts'
import type { Command, Execution } from '../../model/platform.ts'
import { type CpuReading, type Memory, parseStat, readCpu, readMemory } from './proc.ts'
import { pinned, spawned, stopGroup } from './processes-of-arm.ts'

/**
 * Node does not report the CPU use of an ended child. This shell waits for the program and then says what the kernel has
 * added to its own account for it: exact, but cut to 10 ms in user and in system time, so at most 20 ms too low.
 * The traps keep the shell alive on signals that are meant for the program; the program gets them unchanged.
 */
const ACCOUNT = 'trap : INT TERM; "$@" 3>&-; code=$?; IFS= read -r line </proc/$$/stat; echo "$line" >&3; exit $code'

/** Exit code of a command that had to be stopped, as timeout(1) has it. */
const OVERRUN = 124
/** From SIGINT to SIGKILL, in milliseconds. */
const GRACE = 3000
/** A generator is gone when its window closes, so its memory is looked at once, this long after its start (in milliseconds). */
const MEMORY_AFTER = 1000

/** A load generator that runs or ran: for the account of a window. */
export interface GeneratorRun {
  /** While it runs, as of now; afterwards its whole use. */
  cpu(): CpuReading
  memory(): Memory | undefined
}

interface GeneratorOptions {
  readonly command: Command
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly cpus?: string | undefined
  /** Aborted with the reason why nothing more can come of it. */
  readonly signal: AbortSignal
  started(run: GeneratorRun): void
}

export async function runGenerator(options: GeneratorOptions): Promise<Execution> {
  const { command, signal } = options
  signal.throwIfAborted()
  for (const [path, content] of Object.entries(command.files ?? {})) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  const argv = pinned({ program: options.program, argv: command.argv, cpus: options.cpus })
  const startedAt = Date.now() / 1000
  const child = spawn('/bin/sh', ['-c', ACCOUNT, 'sh', ...argv], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const pid = await spawned(child, { name: command.program, program: '/bin/sh' })
  const forget = onExit(() => signalGroup(pid, 'SIGKILL'))
  try {
    const ended = await attend(child, pid, options)
    signal.throwIfAborted()
    return { ...ended, startedAt, endedAt: Date.now() / 1000, ...filesOf(command) }
  } finally {
    await stopGroup(pid, Promise.resolve(), command.program)
    forget()
  }
}

/** Waits for the end, whoever brings it about. */
async function attend(child: ChildProcess, pid: number, { command, signal, started }: GeneratorOptions) {
  const [, out, err, account] = child.stdio as Readable[]
  if (!out || !err || !account) throw new TypeError('the generator has no pipes')
  let overrun = false
  let kill: NodeJS.Timeout | undefined
  const interrupt = () => {
    signalGroup(pid, 'SIGINT')
    kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE)
  }
  const late = setTimeout(() => {
    overrun = true
    interrupt()
  }, command.within * 1000)
  let look: Memory | undefined
  const looking = setTimeout(() => {
    look = readMemory(pid)
  }, MEMORY_AFTER)
  signal.addEventListener('abort', interrupt, { once: true })
  let whole: CpuReading | undefined
  started({ cpu: () => whole ?? readCpu(pid), memory: () => look })
  try {
    const [stdout, stderr, line, [code]] = await Promise.all([
      text(out),
      text(err),
      text(account),
      once(child, 'close'),
    ])
    const stat = line.includes(')') ? parseStat(line) : undefined
    whole = { threads: new Map(), ticks: stat ? stat.ticks + stat.childTicks : 0, processes: 0 }
    const note = overrun ? `\nstopped: it was still running after ${command.within} s` : ''
    return { exitCode: overrun ? OVERRUN : (code ?? 128), stdout, stderr: stderr + note }
  } finally {
    for (const timer of [late, looking, kill]) clearTimeout(timer)
    signal.removeEventListener('abort', interrupt)
  }
}

function filesOf(command: Command): Pick<Execution, 'read' | 'discard'> {
  const outputs = command.outputs ?? {}
  return {
    read: (name) => readOutput(outputs[name]),
    discard: async () => {
      const paths = [...Object.values(outputs), ...Object.keys(command.files ?? {})]
      await Promise.all(paths.map((path) => rm(path, { force: true })))
    },
  }
}

async function* readOutput(path: string | undefined): AsyncGenerator<Uint8Array> {
  const written =
    path !== undefined &&
    (await access(path).then(
      () => true,
      () => false,
    ))
  if (written) yield* createReadStream(path)
}
