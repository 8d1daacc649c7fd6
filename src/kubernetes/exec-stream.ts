import { randomUUID } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Api, ExecSocket } from './api.ts'
import type { ExecOf } from './cluster.ts'
import { endMark } from './end-mark.ts'
import { collector, exitCodeOf } from './exec.ts'

/** Bytes that may wait for the reader before the connection is held back. */
const AHEAD = 1024 * 1024
/** For the shell to end after its input was closed, in milliseconds. */
const FAREWELL = 1000

/**
 * Kubernetes drops the end of an output that is still under way when the command ends, and calls it a success
 * (kubernetes/kubernetes#124571; seen with kubectl too: 48.8 of 50 MB). So a shell marks the end of the output, and does
 * not end itself before its input is closed, which is done once the mark has come.
 */
const MARKED = 'token=$1; shift; "$@" </dev/null; printf "%s%s\\n" "$token" "$?"; read -r _'

export async function* execStream(
  api: Api,
  what: Omit<ExecOf, 'stdin'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const token = randomUUID()
  const left = new AbortController()
  const pipe = new PassThrough({ highWaterMark: AHEAD })
  const stdin = new Readable({ read: () => {} })
  const stderr = collector()
  let socket: ExecSocket | undefined
  let exitCode: number | undefined
  const mark = endMark(token)
  const stdout = new Writable({
    write: (part: Buffer, _encoding, done) => {
      const { rest, ...found } = mark.take(part)
      if (!pipe.write(rest)) {
        socket?.pause()
        pipe.once('drain', () => socket?.resume())
      }
      if (found.exitCode !== undefined) {
        exitCode = found.exitCode
        // The rest of the conversation must not wait for the reader.
        socket?.resume()
        stdin.push(null)
        if (exitCode === 0) pipe.end()
      }
      done()
    },
  })
  const opened = (made: ExecSocket) => {
    socket = made
  }
  const marked = { ...what, command: ['sh', '-c', MARKED, 'sh', token, ...what.command] }
  const sink = { stdin, stdout, stderr: stderr.sink, opened }
  const ended = exitCodeOf(api, marked, sink, AbortSignal.any([signal, left.signal])).then(
    () => new Failure('exec-broken', `The output of ${what.command[0]} did not arrive in full.`, { fix: 'Try again.' }),
    (error: unknown) => error as Error,
  )
  void ended.then((error) => {
    if (exitCode === undefined) pipe.destroy(error)
    else if (exitCode !== 0) pipe.destroy(failed(what, exitCode, stderr.text()))
  })
  try {
    yield* pipe
    await Promise.race([ended, delay(FAREWELL)])
  } finally {
    left.abort()
  }
}

function failed({ command, pod, namespace }: Omit<ExecOf, 'stdin'>, code: number, said: string): Failure {
  return new Failure('exec-failed', `${command[0]} in pod ${namespace}/${pod} ended with exit code ${code}.`, {
    cause: said.trim().slice(-400) || 'it said nothing',
  })
}
