import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import type { Cluster, ExecOf } from '../../kubernetes/cluster.ts'
import { Failure } from '../../model/failure.ts'
import type { Command, Execution, RunningArm } from '../../model/platform.ts'
import { milliseconds } from '../../model/units.ts'
import { addressOf } from './arm-mesh.ts'
import { nodeMeter, openWindow, type RunningArmOptions } from './cluster-window.ts'
import { kubeletMeter } from './kubelet/kubelet-meter.ts'
import { openProbeSite } from './probing/probe-site.ts'

/** Where client and its helper share a folder. */
const DIR = '/files'

export function makeRunningArm(options: RunningArmOptions): RunningArm {
  const { cluster, of, onNode } = options.arm
  const meter = onNode ? nodeMeter(options, onNode) : kubeletMeter(options)
  const { namespace } = of.about
  // What is asked is known before its window opens.
  let asked: string | undefined
  return {
    dir: DIR,
    target: (load) => {
      asked = load.service
      return addressOf(of, load)
    },
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    exec: (command, signal) => execute(cluster, namespace, command, signal),
    observe: () => openWindow(options, meter, asked),
    ...(of.application || of.gateway ? {} : { probeSite: (signal) => openProbeSite(options.arm, signal) }),
  }
}

/** The container beside the generator that has a shell. */
const FILES = { pod: 'client', container: 'files' } as const

/** Runs a load generator in its own container of the client pod; its files come out through the helper's. */
export async function execute(
  cluster: Cluster,
  namespace: string,
  command: Command,
  signal: AbortSignal,
): Promise<Execution> {
  const files: Files = { cluster, namespace }
  for (const [path, content] of Object.entries(command.files ?? {})) await put(files, path, content, signal)
  const limit = AbortSignal.timeout(milliseconds(command.within))
  const startedAt = Date.now() / 1000
  try {
    const ended = await cluster.exec({ namespace, ...generator(command) }, AbortSignal.any([signal, limit]))
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
function generator({ program, argv }: Command): Omit<ExecOf, 'namespace'> {
  return { pod: 'client', container: program, command: [program, ...argv] }
}

/** The folder that the client's containers share, by way of the one that has a shell. */
interface Files {
  readonly cluster: Cluster
  readonly namespace: string
}

/** How often a file is written that did not arrive in full. */
const ATTEMPTS = 3
const WRITE = 'mkdir -p "$(dirname "$0")" && cat >"$0" && wc -c <"$0"'

/**
 * What is written to a command's input can get lost on a machine that is busy, and the command ends well all the same: seen
 * once in some twenty files, of which nothing arrived. So the bytes are counted.
 */
async function put({ cluster, namespace }: Files, path: string, content: string, signal: AbortSignal): Promise<void> {
  const size = Buffer.byteLength(content)
  let arrived = 0
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { exitCode, stdout, stderr } = await cluster.exec(
      { namespace, ...FILES, command: ['sh', '-c', WRITE, path], stdin: content },
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

function filesOf(from: Files, { outputs = {}, files = {} }: Command): Pick<Execution, 'read' | 'discard'> {
  return {
    read: (name) => readFile(from, outputs[name]),
    discard: async () => {
      const paths = [...Object.values(outputs), ...Object.keys(files)]
      if (paths.length === 0) return
      // Through the shell, as all else there: that of busybox may have `rm` where no program of that name is.
      const command = ['sh', '-c', 'rm -f "$@"', 'sh', ...paths]
      const { exitCode, stderr } = await from.cluster
        .exec({ namespace: from.namespace, ...FILES, command }, AbortSignal.timeout(10_000))
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

/** Compressed where it is, so that a million lines of log take a tenth of the way. Empty where the command wrote none. */
async function* readFile({ cluster, namespace }: Files, path: string | undefined): AsyncGenerator<Uint8Array> {
  if (path === undefined) return
  const command = ['sh', '-c', 'if [ -e "$0" ]; then gzip -1 -c "$0"; fi', path]
  const source = cluster.stream({ namespace, ...FILES, command }, AbortSignal.timeout(600_000))
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
