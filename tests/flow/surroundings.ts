import { PassThrough, Writable } from 'node:stream'
import { cli } from '../../src/cli.ts'
import { testFolder } from '../temporary-folder.ts'

/** What a command line printed, and how it ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

class Memory extends Writable {
  text = ''
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    this.emit('text', this.text)
    done()
  }
}

interface Around {
  /** An empty folder when absent. */
  readonly cwd?: string
  /** The first Ctrl-C comes when stderr shows this. */
  readonly abortOn?: string
  readonly env?: Record<string, string>
  /** Input and output are a terminal, where somebody types these keys once stderr shows a question that contains the text. */
  readonly typed?: Readonly<Record<string, string>>
}

/** Runs a command line within this process. */
export async function meshbench(
  args: readonly string[],
  { cwd = testFolder(), abortOn, env = {}, typed }: Around = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Memory(), new Memory()]
  const terminal = typed && typist(stderr, typed)
  const interruption = new AbortController()
  const { Failure } = await import('../../src/model/failure.ts')
  stderr.on('text', (text: string) => {
    if (abortOn && text.includes(abortOn)) interruption.abort(new Failure('interrupted', 'stopped by SIGINT'))
  })
  const code = await cli(args, {
    stdout,
    stderr,
    ...(terminal && { stdin: terminal }),
    env: { CI: 'true', NO_COLOR: '1', LANG: 'C.UTF-8', ...env },
    cwd,
    argv: ['meshbench', ...args],
    signal: interruption.signal,
    emergency: { run: async () => [] },
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** A terminal's input: whoever sits there answers each question once. */
function typist(stderr: Memory, typed: Readonly<Record<string, string>>) {
  const keys = Object.assign(new PassThrough(), { isTTY: true })
  Object.assign(stderr, { isTTY: true, columns: 100, rows: 30 })
  const open = new Map(Object.entries(typed))
  stderr.on('text', (text: string) => {
    for (const [question, answer] of open) {
      if (!text.includes(question)) continue
      open.delete(question)
      keys.write(answer)
    }
  })
  return keys
}
