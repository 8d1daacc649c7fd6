import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../../kubernetes/cluster.ts'
import type { Pod } from '../../../kubernetes/pods.ts'
import { Failure } from '../../../model/failure.ts'
import type { ClockReading, Command, Execution, Generators, Held } from '../../../model/platform.ts'
import type { Seconds } from '../../../model/units.ts'
import { generatorDied } from '../../generator-died.ts'
import type { ClientPod } from './client-pods.ts'
import { execute, type Files, type Hold, placeFiles, put, start } from './execute.ts'
import { compareClock, makeGate, openGate, untilWaiting } from './gate.ts'

/** For all load generators to be ready, in milliseconds. */
const READY = 120_000
/** From the word to the begin, beyond what passing the word on takes. */
const LEAD: Seconds = 0.3
/** For a clock to be compared, in milliseconds. */
const ANSWER = 30_000

/** The load generators of a cluster, each in a pod of its own. */
export function clusterGenerators(
  cluster: Cluster,
  namespace: string,
  clients: readonly ClientPod[],
  hold: Hold = 'attached',
): Generators {
  const filesOf = ({ pod }: ClientPod): Files => ({ cluster, namespace, pod, hold })
  const compareAll = async (used: readonly ClientPod[], signal: AbortSignal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER)])
    return await Promise.all(
      used.map((client) => guarded(client, filesOf(client), compareClock(filesOf(client), limit))),
    )
  }
  return {
    places: clients.map(({ name, node }) => ({ name, ...(node !== undefined && { node }) })),
    exec: (index, command, signal) => {
      const client = clients[index] as ClientPod
      return guarded(client, filesOf(client), execute(cluster, namespace, command, signal, client.pod, hold))
    },
    async hold(commands, signal): Promise<Held> {
      const used = clients.slice(0, commands.length)
      const given = new AbortController()
      const until = AbortSignal.any([signal, given.signal])
      const patience = AbortSignal.any([until, AbortSignal.timeout(READY)])
      const each = <Result>(task: (files: Files, command: Command) => Promise<Result>) =>
        Promise.all(
          used.map((client, index) => {
            const files = filesOf(client)
            return guarded(client, files, task(files, commands[index] as Command))
          }),
        )
      await each((files, command) => prepare(files, command, patience)).catch((error: unknown) => {
        throw patience.aborted && !until.aborted ? notReady() : error
      })
      const running = each((files, command) => begun(files, command, until))
      // Where one is killed before anybody waits for it, that is told when somebody does.
      running.catch(() => undefined)
      const ready = each((files, command) => untilWaiting(files, gateOf(command), patience))
      try {
        // One that ends before it is told to begin has failed.
        await Promise.race([ready, running.then(endedEarly)])
      } catch (error) {
        const isLate = patience.aborted && !until.aborted
        given.abort()
        signal.throwIfAborted()
        throw isLate ? notReady() : error
      }
      const clocks = await compareAll(used, until)
      return {
        async release() {
          const within = LEAD + 2 * Math.max(...clocks.map(({ took }) => took))
          const at = Date.now() / 1000 + within
          const open = each((files, command) => openGate(files, gateOf(command), at, until))
          const ended = Promise.all([running, open]).then(([executions]) => executions)
          ended.catch(() => undefined)
          return { within, at, clocks: clocks.map(readingOf), ended }
        },
        clocks: async () => (await compareAll(used, signal)).map(readingOf),
        abandon: () => given.abort(),
      }
    },
  }
}

function notReady(): Failure {
  return new Failure('not-ready', `the load generators were not ready within ${READY / 1000} s`, {
    cause: 'a load generator did not reach the file that it waits for, or the cluster did not run its helper',
    remedy: 'Check how busy the nodes of the load generators are, or use fewer of them.',
  })
}

function readingOf({ offset, bound }: ClockReading): ClockReading {
  return { offset, bound }
}

function gateOf({ gate, program }: Command): string {
  if (!gate) throw new TypeError(`${program} waits at no gate`)
  return gate.path
}

async function prepare(files: Files, command: Command, signal: AbortSignal): Promise<void> {
  await placeFiles(files, command, signal)
  const { path, content = '' } = command.gate ?? {}
  if (path === undefined) return
  if (content !== '') await put(files, `${path}.body`, content, signal)
  await makeGate(files, path, signal)
}

/** For all to be ready, and for whatever comes between that and the begin: counters of kubelets are waited for. In seconds. */
const HELD: Seconds = 300

async function begun(files: Files, command: Command, signal: AbortSignal): Promise<Execution> {
  return await start(files, { ...command, within: command.within + HELD }, signal)
}

function endedEarly(executions: readonly Execution[]): never {
  const said = executions.find(({ exitCode }) => exitCode !== 0)
  throw new Failure('load-failed', 'a load generator ended before it was told to begin', {
    cause: said?.stderr.trim().slice(-400) || `exit code ${said?.exitCode ?? 0}`,
    remedy: 'Check the output of the load generator in the raw output of this trial.',
  })
}

/** For a pod that is gone to be seen as gone, in milliseconds. */
const SEEN = 3000
const PAUSE = 300

/** What is done in a pod; where that breaks because the pod has ended, a Failure with the name of its load generator. */
async function guarded<Result>(client: ClientPod, files: Files, task: Promise<Result>): Promise<Result> {
  try {
    const result = await task
    if (isKilled(result) && (await hasEnded(files))) throw generatorDied(client, `exit code ${result.exitCode}`)
    return result
  } catch (error) {
    const failure = Failure.from(error)
    if (failure.code !== 'exec-broken' && failure.code !== 'exec-refused') throw error
    if (await hasEnded(files)) throw generatorDied(client, `its pod has ended: ${failure.why ?? failure.message}`)
    throw error
  }
}

/** Ended by a signal: SIGKILL or SIGTERM. */
function isKilled(result: unknown): result is Execution {
  const code = (result as Partial<Execution> | undefined)?.exitCode
  return code === 137 || code === 143
}

/** Whether a pod runs no more: it is gone, is being deleted, or has ended. */
async function hasEnded({ cluster, namespace, pod: name }: Files): Promise<boolean> {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } }
  const deadline = performance.now() + SEEN
  for (;;) {
    const pod = await cluster.read<Pod>(object, AbortSignal.timeout(10_000)).catch(() => 'unknown' as const)
    if (pod === undefined) return true
    if (pod !== 'unknown' && (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase !== 'Running'))
      return true
    if (performance.now() > deadline) return false
    await sleep(PAUSE)
  }
}
