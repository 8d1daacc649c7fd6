import { randomUUID } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Seconds } from '../model/units.ts'
import type { Api, ExecSink, ExecSocket } from './api.ts'
import type { ExecOf, ExecResult } from './cluster.ts'
import { again, busy, saidBy } from './requests.ts'

/** For a busy API server to take a command. */
const PATIENCE: Seconds = 60

export async function exec(api: Api, what: ExecOf, signal: AbortSignal): Promise<ExecResult> {
  const stdout = collector()
  const stderr = collector()
  const exitCode = await exitCodeOf(api, what, { stdout: stdout.sink, stderr: stderr.sink }, signal)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

/**
 * Runs a command to its end. Throws a Failure when it could not be started, or the connection did not last. Where the API server
 * has too much to do, the command did not begin, and is tried again.
 */
async function exitCodeOf(api: Api, what: ExecOf, sink: ExecSink, signal: AbortSignal): Promise<number> {
  const where = `${what.command[0]} in container ${what.container} of pod ${what.namespace}/${what.pod}`
  const end = await again(PATIENCE, signal, async () => {
    const value = await api.exec(what, sink, signal)
    const refusal = 'refused' in value && isUnheard(value.refused.status) ? value.refused : undefined
    return { value, final: !refusal, after: refusal?.retryAfter }
  })
  if ('broken' in end) throw broken(where, end.broken)
  if ('refused' in end) {
    const { refused: answer } = end
    if (isUnheard(answer.status)) throw busy(api, answer)
    // A server error comes from between the API server and the node, which may be just awake.
    throw answer.status >= 500 ? broken(where, saidBy(answer)) : refused(where, saidBy(answer))
  }
  const { status, details, message, reason } = end.ended
  if (status === 'Success') return 0
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message
  if (code !== undefined && /^\d+$/.test(code)) return Number(code)
  throw refused(where, message ?? reason ?? 'no reason was given')
}

/** Statuses that say that a command did not even begin. A gateway that got no good answer (502, 504) does not know it. */
function isUnheard(status: number): boolean {
  return status === 429 || status === 503
}

function broken(where: string, cause: string): Failure {
  return new Failure('exec-broken', `The connection to ${where} broke.`, {
    cause,
    remedy: 'Try again: it is unknown whether the command finished.',
  })
}

function refused(where: string, cause: string): Failure {
  return new Failure('exec-refused', `The cluster did not run ${where}.`, { cause })
}

/** Keeps all that is written to it. */
function collector(): { readonly sink: Writable; text(): string } {
  const parts: Buffer[] = []
  const sink = new Writable({
    write: (part: Buffer, _encoding, done) => {
      parts.push(part)
      done()
    },
  })
  return { sink, text: () => Buffer.concat(parts).toString() }
}

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
    () =>
      new Failure('exec-broken', `The output of ${what.command[0]} did not arrive in full.`, { remedy: 'Try again.' }),
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
    cause: said.trim().slice(-400) || 'it wrote no message',
  })
}

/** Finds the end of a stream that is marked by a token, the exit code and a line feed, wherever chunks are cut. */
interface EndMark {
  /** What can be passed on, and the exit code once the mark has been seen. */
  take(chunk: Uint8Array): { readonly rest: Buffer; readonly exitCode?: number }
}

/** An exit code has three digits at most. */
const ROOM = 4

export function endMark(token: string): EndMark {
  const length = Buffer.byteLength(token) + ROOM
  let held: Buffer = Buffer.alloc(0)
  return {
    take: (chunk) => {
      const all = Buffer.concat([held, chunk])
      const from = Math.max(0, all.length - length)
      const at = all.indexOf(token, from)
      const code = at < 0 ? null : /^(\d{1,3})\n$/.exec(all.toString('latin1', at + Buffer.byteLength(token)))
      if (code) return { rest: all.subarray(0, at), exitCode: Number(code[1]) }
      held = all.subarray(from)
      return { rest: all.subarray(0, from) }
    },
  }
}
