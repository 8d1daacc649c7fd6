import type { Leftover } from '../../../model/platform.ts'
import { type Docker, docker as realDocker } from '../docker.ts'
import { CLUSTER_LABEL } from './nodes.ts'
import { isHeld, PREFIX, type Records, records as realRecords } from './record.ts'
import { removeCluster } from './remove.ts'

/**
 * Clusters that bear our name, whoever made them, and records of clusters that were never made. One that was kept on
 * purpose counts as alive: it goes only when everything is asked for.
 */
export async function clusterLeftovers(
  docker: Docker = realDocker(),
  records: Records = realRecords(),
): Promise<Leftover[]> {
  const known = await records.all()
  const standing = await clustersStanding(docker).catch((error): string[] => {
    // Without Docker there can be no cluster; with records of some, it must be said that they cannot be looked for.
    if (known.length === 0) return []
    throw error
  })
  return [...new Set([...standing, ...known.map(({ cluster }) => cluster)])].map((cluster) => {
    const record = known.find((one) => one.cluster === cluster)
    const kept = record?.kept === true && standing.includes(cluster)
    return {
      run: record?.run ?? 'unknown',
      what: `cluster ${cluster}${record ? ` (arm ${record.arm})` : ''}${kept ? ', kept for the next run' : ''}`,
      alive: record !== undefined && (kept || isHeld(record)),
      remove: () => removeCluster(cluster, docker, records),
    }
  })
}

async function clustersStanding(docker: Docker): Promise<string[]> {
  const nodes = await docker.containers([CLUSTER_LABEL])
  const names = nodes.map(({ labels }) => labels[CLUSTER_LABEL] ?? '')
  return [...new Set(names.filter((name) => name.startsWith(PREFIX)))]
}
