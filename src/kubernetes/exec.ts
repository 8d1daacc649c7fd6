import { Writable } from 'node:stream'
import { Failure } from '../model/failure.ts'
import type { Api, ExecSink } from './api.ts'
import { saidBy } from './ask.ts'
import type { ExecOf, ExecResult } from './cluster.ts'

export async function exec(api: Api, what: ExecOf, signal: AbortSignal): Promise<ExecResult> {
  const stdout = collector()
  const stderr = collector()
  const exitCode = await exitCodeOf(api, what, { stdout: stdout.sink, stderr: stderr.sink }, signal)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

/** Runs a command to its end. Throws a Failure when it could not be started, or the connection did not last. */
export async function exitCodeOf(api: Api, what: ExecOf, sink: ExecSink, signal: AbortSignal): Promise<number> {
  const where = `${what.command[0]} in container ${what.container} of pod ${what.namespace}/${what.pod}`
  const end = await api.exec(what, sink, signal)
  if ('broken' in end) throw broken(where, end.broken)
  if ('refused' in end) {
    // A server error comes from between the API server and the node, which may be just awake.
    const { refused: answer } = end
    throw answer.status >= 500 ? broken(where, saidBy(answer)) : refused(where, saidBy(answer))
  }
  const { status, details, message, reason } = end.ended
  if (status === 'Success') return 0
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message
  if (code !== undefined && /^\d+$/.test(code)) return Number(code)
  throw refused(where, message ?? reason ?? 'no reason was given')
}

function broken(where: string, cause: string): Failure {
  return new Failure('exec-broken', `The connection to ${where} broke.`, {
    cause,
    fix: 'Try again: whether the command ran to its end is not known.',
  })
}

function refused(where: string, cause: string): Failure {
  return new Failure('exec-refused', `The cluster did not run ${where}.`, { cause })
}

/** Keeps all that is written to it. */
export function collector(): { readonly sink: Writable; text(): string } {
  const parts: Buffer[] = []
  const sink = new Writable({
    write: (part: Buffer, _encoding, done) => {
      parts.push(part)
      done()
    },
  })
  return { sink, text: () => Buffer.concat(parts).toString() }
}
