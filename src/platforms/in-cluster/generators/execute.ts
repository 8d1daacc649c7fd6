import { randomUUID } from 'node:crypto'
import { createGunzip } from 'node:zlib'
import type { Cluster, ExecOf } from '../../../kubernetes/cluster.ts'
import {
  commandFolder,
  execLasting,
  isBroken,
  lendShell,
  resumed,
  type Shelled,
  throughCuts,
} from '../../../kubernetes/lasting.ts'
import { Failure } from '../../../model/failure.ts'
import type { Command, Execution } from '../../../model/platform.ts'
import { APPLICATION } from '../../../model/traits.ts'
import { milliseconds, type Seconds } from '../../../model/units.ts'
import type { ClusterArm } from '../cluster-arm.ts'
import { CLIENT } from './client-pods.ts'

/** The container beside the generator that has a shell. */
export const HELPER = 'files'
/** Where the containers of a client pod share a folder. */
export const SHARED = '/files'

/**
 * How a load generator is run. `attached`: one connection lasts as long as the load. `lasting`: it outlives its connections, which a proxy
 * before an API server elsewhere may cut.
 */
export type Hold = 'attached' | 'lasting'

const shelled = ({ namespace, pod }: Pick<Files, 'namespace' | 'pod'>): Shelled => {
  return { namespace, pod, container: HELPER, folder: SHARED }
}

/**
 * How loads can be run from these pods. On this machine no proxy is between, and a connection costs least. Elsewhere they outlive their
 * connections where the containers of the load generators can run the shell of the helper.
 */
export async function holdOf(
  { cluster, of, isHere }: ClusterArm,
  pods: readonly string[],
  signal: AbortSignal,
): Promise<Hold> {
  if (isHere) return 'attached'
  const { namespace } = of.about
  const lent = pods.map((pod) => lendShell(cluster, shelled({ namespace, pod }), APPLICATION, signal))
  return (await Promise.all(lent)).every(Boolean) ? 'lasting' : 'attached'
}

/** Runs a load generator in its own container of a client pod; its files come out through the helper's. */
export async function execute(
  cluster: Cluster,
  namespace: string,
  command: Command,
  signal: AbortSignal,
  pod = CLIENT,
  hold: Hold = 'attached',
): Promise<Execution> {
  const files: Files = { cluster, namespace, pod, hold }
  await placeFiles(files, command, signal)
  return await start(files, command, signal)
}

/** Writes the files that a command needs. */
export async function placeFiles(files: Files, command: Command, signal: AbortSignal): Promise<void> {
  for (const [path, content] of Object.entries(command.files ?? {})) await put(files, path, content, signal)
}

/** Runs a command whose files are there. */
export async function start(files: Files, command: Command, signal: AbortSignal): Promise<Execution> {
  const { cluster, namespace, pod } = files
  const lasts = files.hold === 'lasting'
  const limit = AbortSignal.timeout(milliseconds(command.within))
  const startedAt = Date.now() / 1000
  try {
    const until = AbortSignal.any([signal, limit])
    const id = randomUUID()
    const ended = lasts
      ? await execLasting(cluster, shelled(files), id, generator(command), until)
      : await cluster.exec({ namespace, pod, ...generator(command) }, until)
    const traces = lasts ? [commandFolder(shelled(files), id)] : []
    return { ...ended, startedAt, endedAt: Date.now() / 1000, ...filesOf(files, command, traces) }
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted || isBroken(error)) throw error
    // It goes on in its container, where nothing can reach it: the pod is removed with the visit.
    throw new Failure('overrun', `${command.program} was still running after ${command.within} s`, {
      remedy: 'Check that the server answers: run the arm alone with --keep, then use kubectl.',
    })
  }
}

/** Its environment is that of its container: an exec has none of its own. */
function generator({ program, argv }: Command): Omit<ExecOf, 'namespace' | 'pod'> {
  return { container: program, command: [program, ...argv] }
}

/** The folder that a client's containers share, by way of the one that has a shell. */
export interface Files {
  readonly cluster: Cluster
  readonly namespace: string
  readonly pod: string
  /** `attached` when absent. */
  readonly hold?: Hold
}

/** How often a file is written that did not arrive in full. */
const ATTEMPTS = 3
const WRITE = 'mkdir -p "$(dirname "$0")" && cat >"$0" && wc -c <"$0"'

/**
 * What is written to a command's input can get lost on a machine that is busy, and the command ends well all the same: seen
 * once in some twenty files, of which nothing arrived. So the bytes are counted.
 */
export async function put(
  { cluster, namespace, pod }: Files,
  path: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  const size = Buffer.byteLength(content)
  let arrived = 0
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const write = { namespace, pod, container: HELPER, command: ['sh', '-c', WRITE, path], stdin: content }
    const { exitCode, stdout, stderr } = await throughCuts(() => cluster.exec(write, signal), signal)
    if (exitCode !== 0) {
      throw new Failure('no-file', `${path} could not be written in the client pod`, { cause: stderr })
    }
    arrived = Number(stdout)
    if (arrived === size) return
  }
  throw new Failure('exec-broken', `${path} did not arrive in full in the client pod`, {
    cause: `${arrived} of ${size} bytes, in ${ATTEMPTS} attempts`,
    remedy: 'Try again; if it happens again, check how busy the machine is.',
  })
}

function filesOf(
  from: Files,
  { outputs = {}, files = {}, gate }: Command,
  traces: readonly string[],
): Pick<Execution, 'read' | 'discard'> {
  return {
    read: (name) => readFile(from, outputs[name]),
    discard: async () => {
      const ofGate = gate ? gateFiles(gate.path) : []
      const paths = [...Object.values(outputs), ...Object.keys(files), ...ofGate, ...traces]
      if (paths.length === 0) return
      // Through the shell, as all else there: that of busybox may have `rm` where no program of that name is.
      const command = ['sh', '-c', 'rm -rf "$@"', 'sh', ...paths]
      const { cluster, namespace, pod } = from
      const limit = AbortSignal.timeout(REMOVAL)
      const remove = () => cluster.exec({ namespace, pod, container: HELPER, command }, limit)
      const { exitCode, stderr } = await throughCuts(remove, limit, INSISTENCE).catch((error: unknown) => {
        return { exitCode: -1, stderr: Failure.from(error).message }
      })
      if (exitCode === 0) return
      throw new Failure('not-removed', 'files of a trial could not be removed from the client pod', {
        cause: stderr.trim() || `rm ended with exit code ${exitCode}`,
        remedy:
          'They use memory of the client pod until the visit ends; figures are not affected. If it happens again, check that the busybox image of the site file has rm.',
      })
    },
  }
}

/** A gate with what belongs to it: see `gate.ts`. */
function gateFiles(path: string): string[] {
  return [path, `${path}.at`, `${path}.ready`, `${path}.body`]
}

/** For files to be removed, and for one to be read, in milliseconds. */
const REMOVAL = 10_000
const READING = 600_000
/** How long files are removed again after a broken connection: they do no harm. */
const INSISTENCE: Seconds = 2

/**
 * Compressed where it is, so that a million lines of log take a tenth of the way; the same file gives the same bytes, so that
 * reading goes on where a connection was cut. Empty where the command wrote none.
 */
async function* readFile({ cluster, namespace, pod }: Files, path: string | undefined): AsyncGenerator<Uint8Array> {
  if (path === undefined) return
  const limit = AbortSignal.timeout(READING)
  const script = 'if [ -e "$0" ]; then gzip -1 -c "$0" | tail -c +$1; fi'
  const from = (offset: number) => {
    const command = ['sh', '-c', script, path, `${offset + 1}`]
    return cluster.stream({ namespace, pod, container: HELPER, command }, limit)
  }
  const iterator = resumed(from, limit)[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const { Readable } = await import('node:stream')
  const rest = Readable.from(
    (async function* () {
      yield first.value
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    })(),
    { objectMode: false },
  )
  const unpacked = createGunzip()
  rest.on('error', (error) => unpacked.destroy(error))
  yield* rest.pipe(unpacked)
}
