import { ExecaError, execa } from 'execa'
import { Failure } from '../../../model/failure.ts'
import type { Program } from '../../../model/tool.ts'
import type { Seconds } from '../../../model/units.ts'
import { NETWORK } from './network.ts'

/** How long kind may take: on a busy machine of two cores a cluster of three nodes takes some two minutes. */
const PATIENCE: Seconds = 600

/** What every cluster is made of. */
export const KIND_CONFIG = new URL('../../../../kind-config.yaml', import.meta.url)

export interface NewCluster {
  readonly name: string
  readonly nodeImage: string
  /** Where kind writes how the cluster is reached; never the user's own file. */
  readonly kubeconfig: string
  readonly env: NodeJS.ProcessEnv
}

/** Makes the cluster of `kind-config.yaml`. What kind has begun when it fails is for the caller to remove. */
export async function createCluster(
  kind: Program,
  { name, nodeImage, kubeconfig, env }: NewCluster,
  signal: AbortSignal,
) {
  const argv = ['create', 'cluster', '--name', name, '--image', nodeImage, '--kubeconfig', kubeconfig]
  try {
    await execa(kind.path, [...argv, '--config', KIND_CONFIG.pathname, '--wait', '120s', '--retain'], {
      env: { ...env, KIND_EXPERIMENTAL_DOCKER_NETWORK: NETWORK },
      stdin: 'ignore',
      cancelSignal: signal,
      killDescendants: true,
      forceKillAfterDelay: 2000,
      timeout: PATIENCE * 1000,
    })
  } catch (error) {
    signal.throwIfAborted()
    throw new Failure('no-cluster', `kind could not make the cluster ${name}`, {
      cause: reasonOf(error),
      fix: 'Run `meshbench doctor`: memory, inotify limits and the cgroup version are the usual reasons.',
    })
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
