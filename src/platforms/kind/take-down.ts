import { removeCluster } from './cluster/remove.ts'
import { freeze } from './freeze.ts'
import type { Ground } from './ground.ts'
import type { Standing } from './standing.ts'

export async function removeStanding({ cluster, name }: Standing, ground: Ground): Promise<void> {
  await cluster.close()
  await removeCluster(name, ground.docker, ground.records, ground.network)
}

/** For the next run: frozen, and marked as meant to stay. */
export async function leaveStanding(left: Standing, ground: Ground): Promise<void> {
  const { records } = ground
  await left.cluster.close()
  await freeze(left, ground)
  const record = (await records.all()).find(({ cluster }) => cluster === left.name)
  if (record) await records.write({ ...record, kept: true })
}
