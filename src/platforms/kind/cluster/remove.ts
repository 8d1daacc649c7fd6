import type { Docker } from '../docker.ts'
import { type Network, network as realNetwork } from './network.ts'
import { CLUSTER_LABEL } from './nodes.ts'
import type { Records } from './record.ts'

/** Removes a cluster, frozen or not, as far as it was made; our network too when no other cluster uses it. */
export async function removeCluster(
  cluster: string,
  docker: Docker,
  records: Records,
  network: Network = realNetwork(),
): Promise<void> {
  const nodes = await docker.containers([`${CLUSTER_LABEL}=${cluster}`])
  await docker.remove(nodes.map(({ id }) => id))
  await docker.removeVolumes(nodes.flatMap(({ volumes }) => volumes))
  await records.forget(cluster)
  await network.removeUnused(docker)
}
