import type { Docker } from '../docker.ts'
import { NETWORK } from './create.ts'
import { CLUSTER_LABEL } from './nodes.ts'
import type { Records } from './record.ts'

/** Removes a cluster, frozen or not, as far as it was made; the network too when no other cluster uses it. */
export async function removeCluster(cluster: string, docker: Docker, records: Records): Promise<void> {
  const nodes = await docker.containers([`${CLUSTER_LABEL}=${cluster}`])
  await docker.remove(nodes.map(({ id }) => id))
  await docker.removeVolumes(nodes.flatMap(({ volumes }) => volumes))
  await records.forget(cluster)
  await removeUnusedNetwork(docker)
}

/** Docker refuses to remove a network that something uses: then somebody's cluster needs it, and that is all right. */
async function removeUnusedNetwork(docker: Docker): Promise<void> {
  const networks = await docker.networks([])
  if (networks.includes(NETWORK)) await docker.removeNetworks([NETWORK]).catch(() => undefined)
}
