import { Writable } from 'node:stream'
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

/** Runs a command line within this process, in an empty folder unless told otherwise. `abortOn`: the first Ctrl-C comes when stderr shows this. */
export async function meshbench(
  args: readonly string[],
  { cwd = testFolder(), abortOn, env = {} }: { cwd?: string; abortOn?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Memory(), new Memory()]
  const interruption = new AbortController()
  const { Failure } = await import('../../src/model/failure.ts')
  stderr.on('text', (text: string) => {
    if (abortOn && text.includes(abortOn)) interruption.abort(new Failure('interrupted', 'stopped by SIGINT'))
  })
  const code = await cli(args, {
    stdout,
    stderr,
    env: { CI: 'true', NO_COLOR: '1', LANG: 'C.UTF-8', ...env },
    cwd,
    argv: ['meshbench', ...args],
    signal: interruption.signal,
    emergency: { run: async () => [] },
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
}
