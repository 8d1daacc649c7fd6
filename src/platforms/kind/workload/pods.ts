import type { Cluster } from '../../../kubernetes/cluster.ts'
import type { KubernetesObject, Readiness } from '../../../model/mesh.ts'
import type { Arm } from '../../../model/scenario.ts'

/** Pods of the server. Replicas are pods like the first, so that nothing but a visit decides when they are made and removed. */
export function serverNames({ replicas = 1 }: Pick<Arm, 'replicas'>): string[] {
  return Array.from({ length: replicas }, (_, index) => (index === 0 ? 'server' : `server-${index + 1}`))
}

/** The workload of an arm, each of which must be ready. */
export function podsOf(arm: Pick<Arm, 'replicas'>): Readiness[] {
  return ['client', ...serverNames(arm)].map((name) => ({ kind: 'Pod', namespace: 'bench', name }))
}

/** Client and server, made anew: what a visit measures has nothing of the visit before. */
export async function makePods(
  cluster: Cluster,
  pods: readonly KubernetesObject[],
  arm: Pick<Arm, 'replicas'>,
  signal: AbortSignal,
): Promise<void> {
  await removePods(cluster, arm, signal)
  await cluster.apply(pods, signal)
}

export async function removePods(cluster: Cluster, arm: Pick<Arm, 'replicas'>, signal: AbortSignal): Promise<void> {
  const objects = podsOf(arm).map(({ name, namespace }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
  }))
  await cluster.remove(objects, signal)
}
