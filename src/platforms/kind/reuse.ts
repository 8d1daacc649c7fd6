import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { ownIdentity } from '../../host/process-identity.ts'
import { connect } from '../../kubernetes/connect.ts'
import type { Step } from '../../model/platform.ts'
import { type ArmMesh, clusterKey } from './arm.ts'
import { nodesOf } from './cluster/nodes.ts'
import { removeCluster } from './cluster/remove.ts'
import type { Ground } from './ground.ts'
import type { Standing } from './standing.ts'

/** A cluster that an earlier run has kept, made from the very same things; undefined where there is none. */
export async function* reuse(
  of: ArmMesh,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing | undefined> {
  const key = clusterKey(of, ground.site, ground.plan.scenario.loads)
  const kept = (await ground.records.all()).find((record) => record.kept && record.key === key)
  if (!kept) return undefined
  yield { title: `taking over ${kept.cluster}, which an earlier run has kept`, arm: of.arm.name }
  const { run } = ground
  await ground.records.write({ ...kept, run, arm: of.arm.name, owner: ownIdentity(), kept: false })
  try {
    return await takeOver(of, kept.cluster, ground, signal)
  } catch {
    signal.throwIfAborted()
    yield { title: `${kept.cluster} is not usable any more`, arm: of.arm.name }
    await removeCluster(kept.cluster, ground.docker, ground.records)
    return undefined
  }
}

async function takeOver(of: ArmMesh, name: string, ground: Ground, signal: AbortSignal): Promise<Standing> {
  const dir = join(ground.dir, name)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const nodes = nodesOf(name)
  const found = await ground.docker.inspect(Object.values(nodes))
  if (found.length < Object.keys(nodes).length) throw new Error('a node is missing')
  const paused = found.filter(({ state }) => state === 'paused').map(({ id }) => id)
  await ground.docker.unpause(paused)
  const { stdout } = await execa(ground.kind.path, ['get', 'kubeconfig', '--name', name], { cancelSignal: signal })
  await writeFile(join(dir, 'kubeconfig'), stdout, { mode: 0o600 })
  const standing: Standing = { of, name, nodes, cluster: await connect(stdout), frozen: false }
  await standing.cluster.get('/readyz', signal)
  return standing
}
