import { createGunzip } from 'node:zlib'
import type { Cluster, ExecOf } from '../../../kubernetes/cluster.ts'
import { Failure } from '../../../model/failure.ts'
import type { Command, Execution } from '../../../model/platform.ts'
import { milliseconds } from '../../../model/units.ts'

/** The container beside the generator that has a shell. */
export const HELPER = 'files'
/** The pod of the load generator, where there is one. */
export const CLIENT = 'client'

/** Runs a load generator in its own container of a client pod; its files come out through the helper's. */
export async function execute(
  cluster: Cluster,
  namespace: string,
  command: Command,
  signal: AbortSignal,
  pod = CLIENT,
): Promise<Execution> {
  const files: Files = { cluster, namespace, pod }
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
  const limit = AbortSignal.timeout(milliseconds(command.within))
  const startedAt = Date.now() / 1000
  try {
    const ended = await cluster.exec({ namespace, pod, ...generator(command) }, AbortSignal.any([signal, limit]))
    return { ...ended, startedAt, endedAt: Date.now() / 1000, ...filesOf(files, command) }
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted) throw error
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
    const { exitCode, stdout, stderr } = await cluster.exec(
      { namespace, pod, container: HELPER, command: ['sh', '-c', WRITE, path], stdin: content },
      signal,
    )
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

function filesOf(from: Files, { outputs = {}, files = {}, gate }: Command): Pick<Execution, 'read' | 'discard'> {
  return {
    read: (name) => readFile(from, outputs[name]),
    discard: async () => {
      const paths = [...Object.values(outputs), ...Object.keys(files), ...(gate ? gateFiles(gate.path) : [])]
      if (paths.length === 0) return
      // Through the shell, as all else there: that of busybox may have `rm` where no program of that name is.
      const command = ['sh', '-c', 'rm -f "$@"', 'sh', ...paths]
      const { exitCode, stderr } = await from.cluster
        .exec({ namespace: from.namespace, pod: from.pod, container: HELPER, command }, AbortSignal.timeout(10_000))
        .catch((error: unknown) => ({ exitCode: -1, stderr: Failure.from(error).message }))
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

/** Compressed where it is, so that a million lines of log take a tenth of the way. Empty where the command wrote none. */
async function* readFile({ cluster, namespace, pod }: Files, path: string | undefined): AsyncGenerator<Uint8Array> {
  if (path === undefined) return
  const command = ['sh', '-c', 'if [ -e "$0" ]; then gzip -1 -c "$0"; fi', path]
  const source = cluster.stream({ namespace, pod, container: HELPER, command }, AbortSignal.timeout(600_000))
  const iterator = source[Symbol.asyncIterator]()
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
