import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import { milliseconds, type Seconds } from '../model/units.ts'
import type { Cluster, ExecOf, ExecResult } from './cluster.ts'

/** Where the connection to a pod may be cut at any time: for how long what does no harm twice is tried again. */
const PATIENCE: Seconds = 60
/** The longest pause before another attempt. */
const PAUSE: Seconds = 2

/**
 * Does again what ended with a broken connection, until patience or the signal ends it; what is thrown then is what broke last. Only for
 * what may be done twice.
 */
export async function throughCuts<T>(once: () => Promise<T>, signal: AbortSignal, patience = PATIENCE): Promise<T> {
  const began = performance.now()
  for (let pause = 0.1; ; pause = Math.min(2 * pause, PAUSE)) {
    try {
      return await once()
    } catch (error) {
      signal.throwIfAborted()
      const spent = (performance.now() - began) / 1000
      if (!isBroken(error) || spent + pause > patience) throw error
      await delay(milliseconds(pause), undefined, { signal }).catch(() => {
        throw error
      })
    }
  }
}

export function isBroken(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'exec-broken'
}

/**
 * A stream of bytes that goes on where its connection was cut.
 *
 * @param from the same bytes from an offset on
 */
export async function* resumed(
  from: (offset: number) => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let offset = 0
  for (let fruitless = 0; ; ) {
    try {
      for await (const part of from(offset)) {
        offset += part.length
        fruitless = 0
        yield part
      }
      return
    } catch (error) {
      signal.throwIfAborted()
      fruitless++
      if (!isBroken(error) || fruitless > FRUITLESS) throw error
      await delay(milliseconds(Math.min(0.1 * 2 ** fruitless, PAUSE)), undefined, { signal })
    }
  }
}

/** Connections one after the other that brought nothing. */
const FRUITLESS = 8

/** A pod whose containers share a folder, and one of which has a shell. */
export interface Shelled {
  readonly namespace: string
  readonly pod: string
  /** The container with the shell. */
  readonly container: string
  /** The folder that the containers share, and all may write to. */
  readonly folder: string
}

const shellIn = ({ folder }: Shelled) => `${folder}/.shell/busybox`

/**
 * Lends the shell of one container to the others, whose images have none: commands can then be started in them that no
 * connection has to wait for.
 *
 * @param borrower a container that must be able to run it
 * @returns false where it cannot be lent: its program is not a busybox, or needs libraries
 */
export async function lendShell(
  cluster: Cluster,
  lender: Shelled,
  borrower: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, pod, container } = lender
  const shell = shellIn(lender)
  const copy = 'mkdir -p "$(dirname "$0")" && cp "/proc/$$/exe" "$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0"'
  try {
    return await throughCuts(async () => {
      const lent = await cluster.exec({ namespace, pod, container, command: ['sh', '-c', copy, shell] }, signal)
      if (lent.exitCode !== 0) return false
      const tried = [shell, 'sh', '-c', 'echo borrowed']
      const { stdout } = await cluster.exec({ namespace, pod, container: borrower, command: tried }, signal)
      return stdout.trim() === 'borrowed'
    }, signal)
  } catch (error) {
    if (error instanceof Failure && error.code === 'exec-refused') return false
    throw error
  }
}

/** Makes the pipe that is held open for as long as the command runs, before anybody opens it. */
const PREPARE = 'mkdir -p "$0" && { [ -p "$0/end" ] || mkfifo "$0/end"; }'

/** Starts a command once, however often it is asked to, and does not wait for it. It needs no program, since the container may have none. */
const START = [
  'exec 3<>"$0/end"',
  '(set -C; : >"$0/started") 2>/dev/null || exit 0',
  '{ "$@" >"$0/out" 2>"$0/err"; echo "$?" >"$0/code"; } </dev/null >/dev/null 2>&1 &',
].join('\n')

/**
 * Ends when nobody holds the pipe any more: the command has ended, or was killed together with the shell that waits for it. Opened
 * for both first, since opening a pipe to read waits for a writer. It polls nothing, so it costs the node nothing while it waits.
 */
const WAIT = ['exec 4<>"$0/end" 5<"$0/end" 4>&-', 'read -r _ <&5', '[ -e "$0/code" ] && cat "$0/code"', 'exit 0'].join(
  '\n',
)

/** The length of the output, then output and messages. */
const TELL = 'wc -c <"$0/out"; cat "$0/out" "$0/err"'

/**
 * Runs a command in a container of a pod that was lent a shell. Connections may be cut at any time: the command goes on, and
 * what it said is asked for afterwards.
 *
 * @param id a name for the command, and for the folder that is left in the shared one until it is removed
 * @throws Failure `exec-broken` where the command has left no exit code: that is never a success
 */
export async function execLasting(
  cluster: Cluster,
  at: Shelled,
  id: string,
  what: Pick<ExecOf, 'container' | 'command'>,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { namespace, pod } = at
  const folder = commandFolder(at, id)
  const where = `${what.command[0]} in pod ${namespace}/${pod}`
  const inShell = (script: string) => {
    return { namespace, pod, container: at.container, command: ['sh', '-c', script, folder] }
  }
  const start = [shellIn(at), 'sh', '-c', START, folder, ...what.command]
  await throughCuts(async () => {
    for (const one of [inShell(PREPARE), { namespace, pod, container: what.container, command: start }]) {
      const { exitCode, stderr } = await cluster.exec(one, signal)
      if (exitCode === 0) continue
      const cause = stderr.trim() || `exit code ${exitCode}`
      throw new Failure('exec-refused', `The cluster did not start ${where}.`, { cause })
    }
  }, signal)
  // For as long as the command may take.
  const { stdout: code } = await throughCuts(
    () => cluster.exec(inShell(WAIT), signal),
    signal,
    Number.POSITIVE_INFINITY,
  )
  if (!/^\d+\n$/.test(code)) {
    throw new Failure('exec-broken', `${where} left no exit code.`, {
      cause: 'its container was ended, or its node went away',
      remedy: 'Look at the events of the pod and of its node, and measure again.',
    })
  }
  const parts: Uint8Array[] = []
  const told = (offset: number) => cluster.stream(inShell(`{ ${TELL}; } | tail -c +${offset + 1}`), signal)
  for await (const part of resumed(told, signal)) parts.push(part)
  const all = Buffer.concat(parts)
  const from = all.indexOf('\n') + 1
  const until = from + Number(all.toString('utf8', 0, from))
  return { exitCode: Number(code), stdout: all.toString('utf8', from, until), stderr: all.toString('utf8', until) }
}

/** What a command leaves in the shared folder. */
export function commandFolder({ folder }: Shelled, id: string): string {
  return `${folder}/.command-${id}`
}
