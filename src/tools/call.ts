import { ExecaError, execa } from 'execa'
import type { Seconds } from '../model/units.ts'

export interface CallOptions {
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly cwd?: string
  readonly within?: Seconds
}

/** Runs a program to its end and gives its standard output. Throws an Error whose message is the reason, in one line. */
export async function call(file: string, argv: readonly string[], options: CallOptions): Promise<string> {
  try {
    const { stdout } = await execa(file, argv, {
      env: options.env,
      extendEnv: false,
      stdin: 'ignore',
      // Compilers run children of their own; an abort must end these too.
      killDescendants: true,
      forceKillAfterDelay: 2000,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...(options.within === undefined ? {} : { timeout: options.within * 1000 }),
    })
    return stdout
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
