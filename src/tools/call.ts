import envPaths from 'env-paths'
import { ExecaError, execa } from 'execa'
import type { Target } from '../model/program.ts'
import type { Seconds } from '../model/units.ts'
import { CATALOGUE, type Catalogue } from './catalogue.ts'

interface CallOptions {
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly cwd?: string
  readonly within?: Seconds
  /** Its standard input; empty when absent. */
  readonly input?: string
  /** A file for its standard output, which may be anything; none is given then. */
  readonly into?: string
}

/** Runs a program to its end and gives its standard output. Throws an Error whose message is the reason, in one line. */
export async function call(file: string, argv: readonly string[], options: CallOptions): Promise<string> {
  try {
    const { stdout } = await execa(file, argv, {
      env: options.env,
      extendEnv: false,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
      ...(options.into === undefined ? {} : { stdout: { file: options.into }, buffer: { stdout: false } }),
      // Compilers run children of their own; an abort must end these too.
      killDescendants: true,
      forceKillAfterDelay: 2000,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...(options.within === undefined ? {} : { timeout: options.within * 1000 }),
    })
    return stdout ?? ''
  } catch (error) {
    throw new Error(reasonOf(error, options.within), { cause: error })
  }
}

function reasonOf(error: unknown, within: Seconds | undefined): string {
  if (!(error instanceof ExecaError)) return String(error)
  if (error.timedOut) return `no answer within ${within} s`
  if (error.code === 'ENOENT') return 'not found'
  const said = String(error.stderr ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('go: downloading'))
  return said.slice(-3).join(' · ').slice(-400) || error.shortMessage
}

/** What may be given to the functions of this folder; each has a default. */
export interface About {
  /** Environment variables to look in and to give to child processes; this process's own by default. */
  readonly env?: NodeJS.ProcessEnv
  /** Where fetched programs are kept; the user's cache folder by default. */
  readonly cacheDir?: string
  /** Where programs come from; a site without internet access gives its own addresses. */
  readonly catalogue?: Catalogue
}

/** The same with the defaults filled in. */
export interface ToolEnvironment {
  readonly env: NodeJS.ProcessEnv
  readonly cacheDir: string
  readonly catalogue: Catalogue
  readonly target: Target
}

export function environment(about: About = {}): ToolEnvironment {
  return {
    env: about.env ?? process.env,
    cacheDir: about.cacheDir ?? envPaths('meshbench', { suffix: '' }).cache,
    catalogue: about.catalogue ?? CATALOGUE,
    target: `${process.platform}-${process.arch}`,
  }
}
