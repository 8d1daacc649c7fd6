import type { Leftover } from '../../../model/platform.ts'
import type { Bytes } from '../../../model/units.ts'
import { type Docker, docker as realDocker } from '../docker.ts'
import { type ClusterRecord, isHeld, PREFIX, type Records, records as realRecords } from './cluster-record.ts'
import { type Network, network as realNetwork } from './network.ts'
import { CLUSTER_LABEL } from './nodes.ts'

/**
 * Clusters that have a record, and records of clusters that were never made. A cluster that only has a name like ours may
 * be anybody's: it is named, and spared.
 */
export async function clusterLeftovers(
  docker: Docker = realDocker(),
  records: Records = realRecords(),
  network: Network = realNetwork(),
): Promise<Leftover[]> {
  const known = await records.all()
  const armCluster = await clustersStanding(docker).catch((error): string[] => {
    // Without Docker there can be no cluster; with records of some, it must be said that they cannot be looked for.
    if (known.length === 0) return []
    throw error
  })
  return [...new Set([...armCluster, ...known.map(({ cluster }) => cluster)])].map((cluster) => {
    const record = known.find((one) => one.cluster === cluster)
    const remove = () => removeCluster(cluster, docker, records, network)
    return record ? { ...recorded(record, armCluster.includes(cluster)), remove } : { ...unrecorded(cluster), remove }
  })
}

function recorded(record: ClusterRecord, stands: boolean): Omit<Leftover, 'remove'> {
  const { run, cluster, arm } = record
  const what = `cluster ${cluster} (arm ${arm})`
  if (record.kept && stands) return { run, what: `${what}, kept for the next run`, alive: false, spared: 'kept' }
  return { run, what, alive: isHeld(record) }
}

function unrecorded(cluster: string): Omit<Leftover, 'remove'> {
  return { what: `cluster ${cluster}, which has no record here`, alive: false, spared: 'unrecorded' }
}

async function clustersStanding(docker: Docker): Promise<string[]> {
  const nodes = await docker.containers([CLUSTER_LABEL])
  const names = nodes.map(({ labels }) => labels[CLUSTER_LABEL] ?? '')
  return [...new Set(names.filter((name) => name.startsWith(PREFIX)))]
}

/** What clusters that were kept for the next run have in memory, frozen as they are. */
export async function keptMemory(docker: Docker, records: Records): Promise<Bytes> {
  const kept = new Set((await records.all()).flatMap((record) => (record.kept ? [record.cluster] : [])))
  const nodes = (await docker.containers([CLUSTER_LABEL])).filter(({ labels }) => kept.has(labels[CLUSTER_LABEL] ?? ''))
  return await docker.memory(nodes.map(({ id }) => id))
}

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
