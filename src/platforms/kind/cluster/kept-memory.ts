import type { Bytes } from '../../../model/units.ts'
import type { Docker } from '../docker.ts'
import { CLUSTER_LABEL } from './nodes.ts'
import type { Records } from './record.ts'

/** What clusters that were kept for the next run have in memory, frozen as they are. */
export async function keptMemory(docker: Docker, records: Records): Promise<Bytes> {
  const kept = new Set((await records.all()).flatMap((record) => (record.kept ? [record.cluster] : [])))
  const nodes = (await docker.containers([CLUSTER_LABEL])).filter(({ labels }) => kept.has(labels[CLUSTER_LABEL] ?? ''))
  return await docker.memory(nodes.map(({ id }) => id))
}
