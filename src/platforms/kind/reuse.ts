import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity } from '../../host/process-identity.ts'
import { connect } from '../../kubernetes/connect.ts'
import type { Certificates } from '../../model/mesh.ts'
import type { Step } from '../../model/platform.ts'
import { formatDuration } from '../../model/units.ts'
import type { ArmMesh } from './arm.ts'
import { asInstalled, type Blueprint } from './blueprint.ts'
import { kubeconfigOf } from './cluster/create.ts'
import { nodesOf } from './cluster/nodes.ts'
import { pinNodes } from './cluster/pin-nodes.ts'
import type { ClusterRecord } from './cluster/record.ts'
import { removeCluster } from './cluster/remove.ts'
import { enrol } from './enrol.ts'
import { thaw } from './freeze.ts'
import type { Ground } from './ground.ts'
import { sharedCores } from './shared-cores.ts'
import type { Standing } from './standing.ts'

/** A cluster that an earlier run has kept, made from the very same things; undefined where there is none. */
export async function* reuse(
  of: ArmMesh,
  blueprint: Blueprint,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing | undefined> {
  const { records } = ground
  const { key } = blueprint
  if (key === undefined) return undefined
  const candidates = (await records.all()).filter((record) => record.kept && record.key === key)
  for (const { cluster } of candidates) {
    const record = await makeOwn(cluster, of, ground)
    // Another arm or another run was first.
    if (!record) continue
    try {
      return yield* takeOver(of, record, blueprint, ground, signal)
    } catch (error) {
      signal.throwIfAborted()
      yield { title: `${cluster} is not usable any more: ${(error as Error).message}`, arm: of.arm.name }
    }
  }
  return undefined
}

/** From here on it is this run's; the answer is the record as it was. Of two who ask at once only one gets it. */
export async function makeOwn(
  cluster: string,
  { arm }: Pick<ArmMesh, 'arm'>,
  { records, run }: Pick<Ground, 'records' | 'run'>,
): Promise<ClusterRecord | undefined> {
  const claimed = await records.claim(cluster)
  if (!claimed) return undefined
  try {
    await records.write({ ...claimed.record, run, arm: arm.name, owner: ownIdentity(), kept: false })
    return claimed.record
  } finally {
    await claimed.release()
  }
}

/**
 * Why a kept cluster is too old: its certificates are renewed at half of their life, and those of proxies that were frozen then
 * may end while they are measured. Undefined where it is young enough, or its mesh has none.
 */
export function outlived(
  certificates: Certificates | undefined,
  { made }: Pick<ClusterRecord, 'made'>,
  now: number,
): string | undefined {
  if (!certificates) return undefined
  const life = `${certificates.what} live for ${formatDuration(certificates.lifetime)}`
  if (made === undefined) return `nobody knows when it was made, and ${life}`
  const age = (now - Date.parse(made.at)) / 1000
  if (age < certificates.lifetime / 2) return undefined
  return `it was made ${formatDuration(age)} ago, and ${life}: they are renewed at half of it`
}

/** What cannot be taken over whole leaves nothing. */
async function* takeOver(
  of: ArmMesh,
  kept: ClusterRecord,
  blueprint: Blueprint,
  ground: Ground,
  signal: AbortSignal,
): AsyncGenerator<Step, Standing> {
  const { docker, records, network } = ground
  const name = kept.cluster
  const arm = of.arm.name
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records, network))
  const tooOld = outlived(of.kubernetes.certificates, kept, Date.now())
  if (tooOld !== undefined) throw new Error(tooOld)
  yield { title: `taking over ${name}, which run ${kept.run} has kept`, arm }
  const nodes = await wake(name, ground)
  const affinity = await pinNodes(nodes, docker)
  yield* sharedCores(affinity, arm)
  const { kubeconfig, dir, text } = await writeKubeconfig(name, ground, signal)
  const cluster = undo.adopt(await connect(text), (open) => open.close())
  await cluster.get('/readyz', signal)
  await enrol(of, cluster, ground, signal)
  const installation = await asInstalled(blueprint, { kubeconfig, dir }, ground, signal)
  yield { title: 'taken over', arm, installation }
  undo.move()
  const madeAt = kept.made?.at ?? 'at an unknown time'
  return { of, name, nodes, cluster, affinity, origin: { madeAt, keptFrom: kept.run } }
}

async function wake(name: string, { docker }: Ground): Promise<Standing['nodes']> {
  const nodes = nodesOf(name)
  const found = await docker.inspect(Object.values(nodes))
  if (found.length < Object.keys(nodes).length) throw new Error('a node is missing')
  await thaw({ nodes }, { docker })
  return nodes
}

async function writeKubeconfig(name: string, { dir: root, kind, env }: Ground, signal: AbortSignal) {
  const dir = join(root, name)
  const kubeconfig = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const text = await kubeconfigOf(kind, name, env, signal)
  await writeFile(kubeconfig, text, { mode: 0o600 })
  return { kubeconfig, dir, text }
}
