import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { ExecaError, execa } from 'execa'
import { Failure } from '../../../model/failure.ts'
import type { Program } from '../../../model/site.ts'
import type { Seconds } from '../../../model/units.ts'
import { dockerEnvironment } from '../docker.ts'
import { PREFIX } from './cluster-record.ts'
import { NETWORK } from './network.ts'

/** How long kind may take: on a busy machine of two cores a cluster of three nodes takes some two minutes. */
const PATIENCE: Seconds = 600

const KIND_CONFIG = new URL('../../../../kind-config.yaml', import.meta.url)

/** What a cluster is made of: `kind-config.yaml`, without kind's network where a mesh is the network. */
export function kindConfig(isNetwork = false): string {
  const config = readFileSync(KIND_CONFIG, 'utf8')
  return isNetwork ? `${config.trimEnd()}\nnetworking: { disableDefaultCNI: true }\n` : config
}

interface NewCluster {
  readonly name: string
  readonly nodeImage: string
  /** The mesh is the cluster's network, so no node is ready yet. */
  readonly isNetwork?: boolean
  /** Where kind writes how the cluster is reached; never the user's own file. */
  readonly kubeconfig: string
  readonly env: NodeJS.ProcessEnv
}

/** Makes a cluster of `kindConfig`. What kind has begun when it fails is for the caller to remove. */
export async function createCluster(
  kind: Program,
  { name, nodeImage, isNetwork = false, kubeconfig, env }: NewCluster,
  signal: AbortSignal,
) {
  const argv = ['create', 'cluster', '--name', name, '--image', nodeImage, '--kubeconfig', kubeconfig]
  const config = isNetwork ? `${kubeconfig}.kind.yaml` : KIND_CONFIG.pathname
  const how = ['--config', config, '--wait', isNetwork ? '0s' : '120s', '--retain']
  try {
    if (isNetwork) await writeFile(config, kindConfig(true), { mode: 0o600 })
    await callKind(kind, [...argv, ...how], env, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw new Failure('no-cluster', `kind could not make the cluster ${name}`, {
      cause: (error as Error).message,
      remedy: 'Run `meshbench doctor`: memory, inotify limits and the cgroup version are the usual reasons.',
    })
  }
}

/** How a cluster that stands is reached: the text of its kubeconfig. */
export async function kubeconfigOf(
  kind: Program,
  name: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  return await callKind(kind, ['get', 'kubeconfig', '--name', name], env, signal)
}

/** Gives its standard output; throws an Error whose message is kind's reason. */
async function callKind(kind: Program, argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) {
  try {
    const { stdout } = await execa(kind.path, argv, {
      env: kindEnvironment(env),
      extendEnv: false,
      stdin: 'ignore',
      cancelSignal: signal,
      killDescendants: true,
      forceKillAfterDelay: 2000,
      timeout: PATIENCE * 1000,
    })
    return stdout
  } catch (error) {
    signal.throwIfAborted()
    throw new Error(reasonOf(error), { cause: error })
  }
}

/** The user's settings of kind may name another engine or cluster than all our other calls. */
function kindEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(dockerEnvironment(env)).filter(([name]) => !name.startsWith('KIND_'))
  return {
    ...Object.fromEntries(others),
    KIND_EXPERIMENTAL_PROVIDER: 'docker',
    KIND_EXPERIMENTAL_DOCKER_NETWORK: NETWORK,
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ExecaError)) return String(error)
  if (error.timedOut) return `not ready within ${PATIENCE} s`
  const lines = String(error.stderr ?? '')
    .split('\n')
    .map((line) => line.trim())
  const stated = lines.filter((line) => /^(ERROR|error|Command Output)/.test(line)).map((line) => line.slice(0, 300))
  return stated.slice(0, 2).join(' · ') || lines.filter(Boolean).slice(-2).join(' · ') || error.shortMessage
}

/**
 * A cluster's name: short, since a node's is made of it and has 63 characters at most; with the time and the last part of
 * the run's id, so that a person sees whose it is: `meshbench-1122t1034-k3f9-c1-2`.
 */
export function clusterName(run: string, cohort: number, index: number): string {
  const time = /^\d{4}-(\d\d)-(\d\d)T(\d{4})/.exec(run)
  const parts = [time ? `${time[1]}${time[2]}t${time[3]}` : '', run.split('-').at(-1) ?? run, `c${cohort}`, `${index}`]
  return (
    PREFIX +
    parts
      .filter(Boolean)
      .join('-')
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '')
      .slice(0, 38)
  )
}
