import type { Readable } from 'node:stream'
import type { Output, Stream } from '../ui/output.ts'

/** What a command is given of the process that it runs in, so that tests can give it another. */
export interface CommandContext {
  /** Results, and nothing else. */
  readonly stdout: Output
  /** Everything else. */
  readonly stderr: Output
  /** Absent where nobody can be asked. */
  readonly stdin?: Readable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly argv: readonly string[]
  /**
   * Aborted by the first Ctrl-C, with a Failure as its reason. Whoever has something to tear down asks for it; a command that
   * does not is ended by the signal itself.
   */
  readonly signal: AbortSignal
  /** Says that nothing is left to tear down, so that a signal ends the process again, whatever it is busy with. */
  readonly settled?: () => void
  /** What the second Ctrl-C does before the process ends: kills at once, and says what is left. */
  readonly emergency: { run: () => Promise<string[]> }
}

/** What the process itself has: `cli` puts an `Output` in front of its streams. */
export type ProcessContext = Omit<CommandContext, 'stdout' | 'stderr'> & {
  readonly stdout: Stream
  readonly stderr: Stream
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly results: string
  /** Only results and failures are printed. */
  readonly quiet?: boolean
  /** Every step, problem and note is printed. */
  readonly verbose?: boolean
}
