import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const USAGE = pathToFileURL(join(import.meta.dirname, 'usage.ts')).href
/** Wall clock. On a busy machine a command takes its time; what hangs takes longer. */
const LONGEST_MS = 60_000

/** How a command ended, and what it used. */
export interface Ended {
  readonly argv: readonly string[]
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly isTimedOut: boolean
  readonly stdout: string
  readonly stderr: string
  /** Seconds from start to end. */
  readonly wall: number
  /** Seconds of CPU and bytes of memory at the peak; undefined where the process did not end by itself. */
  readonly used: { readonly cpu: number; readonly memory: number } | undefined
}

/**
 * The folders of one case: what a run may write lies in `work`, and what it keeps elsewhere on a machine (scratch folders, their
 * records) in folders of this case, so that cases neither see one another nor what other runs on this machine left.
 */
export interface Place {
  readonly root: string
  readonly work: string
  /** What is run: meshbench, unless a test of the campaign has another. */
  readonly program: string
}

export function placeIn(root: string, program: string = MAIN): Place {
  const work = join(root, 'work')
  for (const dir of [work, join(root, 'tmp'), join(root, 'data')]) mkdirSync(dir, { recursive: true })
  return { root, work, program }
}

export interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

/** Starts a command as the leader of its own group, so that the group can be killed too. */
export function start(argv: readonly string[], { root, work, program }: Place, longest = LONGEST_MS): Started {
  const usage = join(root, `usage-${process.hrtime.bigint()}.json`)
  const { GITHUB_ACTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, ['--import', USAGE, program, ...argv], {
    cwd: work,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      CI: 'true',
      NO_COLOR: '1',
      TMPDIR: join(root, 'tmp'),
      XDG_DATA_HOME: join(root, 'data'),
      CHAOS_USAGE: usage,
      // One for all cases: compiled code is no trace of a case.
      NODE_COMPILE_CACHE: join(tmpdir(), 'meshbench-chaos-compiled'),
    },
  })
  return { process: child, ended: endOf(child, argv, usage, longest) }
}

/** Runs a command to its end. */
export function meshbench(argv: readonly string[], place: Place): Promise<Ended> {
  return start(argv, place).ended
}

async function endOf(child: ChildProcess, argv: readonly string[], usage: string, longest: number): Promise<Ended> {
  const started = performance.now()
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  }
  const end = { isTimedOut: false }
  const timer = setTimeout(() => {
    end.isTimedOut = true
    killGroup(child)
  }, longest)
  // Not 'close': what a killed process started may hold its pipes open.
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  if (signal === null) await Promise.all([child.stdout, child.stderr].map((stream) => drained(stream)))
  else for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  const wall = (performance.now() - started) / 1000
  return { argv, code, signal, ...end, ...text, wall, used: usedBy(usage) }
}

async function drained(stream: ChildProcess['stdout']): Promise<void> {
  if (stream && !stream.readableEnded) await once(stream, 'close')
}

function usedBy(file: string): Ended['used'] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** The process and all that it started, unless a child made a group of its own. */
export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** What meshbench writes is in `results` and `history`; all else around it must stay as it is. */
export function listing({ root, work }: Place): string[] {
  const mayChange = [join(work, 'results'), join(work, 'history')]
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ path: join(entry.parentPath, entry.name), entry }))
    .filter(({ path }) => !mayChange.some((dir) => path === dir || path.startsWith(`${dir}/`)))
    .filter(({ path }) => !/\/usage-\d+\.json$/.test(path))
    .map(({ path, entry }) => `${path} ${entry.isFile() ? digestOf(path) : ''}`)
    .toSorted()
}

/** By size where a file is sparse and larger than anything that is written here. */
function digestOf(path: string): string {
  const { size } = statSync(path)
  return size > 64 * 1024 ** 2 ? `${size}` : createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Complaints about what was written where nothing may be. */
export function strays(before: readonly string[], after: readonly string[]): string[] {
  const changed = [...after.filter((line) => !before.includes(line)), ...before.filter((line) => !after.includes(line))]
  return changed.length === 0 ? [] : [`written outside of results and history: ${changed.slice(0, 5).join(', ')}`]
}

/** Processes that name a folder; on systems without /proc, none can be seen, and only `clean` looks. */
export function processesOf(root: string): { pid: number; command: string }[] {
  return pids()
    .filter((pid) => pid !== process.pid)
    .map((pid) => ({ pid, command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .filter(({ pid, command }) => `${command}\n${textOf(`/proc/${pid}/environ`)}`.includes(`${root}/`))
}

/** Runs have groups of their own, and so has what they start: a Ctrl-C for the campaign does not reach them. */
export function endAllOf(root: string): void {
  for (const { pid } of processesOf(root)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
}

export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const one of pids()) {
    const stat = textOf(`/proc/${one}/stat`)
    // The name of the program is in brackets, and may have any characters.
    parents.set(one, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  return [...parents.keys()].filter(isBelow).toSorted((a, b) => a - b)
}

function pids(): number[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Empty where the process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
