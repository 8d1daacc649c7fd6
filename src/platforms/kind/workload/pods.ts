import type { Cluster } from '../../../kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../model/mesh.ts'

const PODS = ['client', 'server'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'bench' },
}))

/** Client and server, made anew: what a visit measures has nothing of the visit before. */
export async function makePods(
  cluster: Cluster,
  pods: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<void> {
  await removePods(cluster, signal)
  await cluster.apply(pods, signal)
}

export async function removePods(cluster: Cluster, signal: AbortSignal): Promise<void> {
  await cluster.remove(PODS, signal)
}
