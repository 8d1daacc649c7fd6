import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity } from '../../host/processes.ts'
import { connect } from '../../kubernetes/connect.ts'
import { Failure } from '../../model/failure.ts'
import { type MeshImage, NODE_PARTS } from '../../model/mesh.ts'
import { type Cohort, visitedArms } from '../../model/plan.ts'
import type { Step, Testbed } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import { type ArmMesh, armMesh, imagesOfArm } from '../in-cluster/arm-mesh.ts'
import { installationsOf, standSideBySide } from '../in-cluster/shared-cluster.ts'
import { removeCluster } from './cluster/cluster-leftovers.ts'
import { clusterName, createCluster } from './cluster/create-cluster.ts'
import { nodesOf, pinNodes } from './cluster/nodes.ts'
import { placeOf, type RunContext } from './run-context.ts'

/** What the record of the cluster says in place of an arm. */
const ALL = 'all'

/** One cluster for all arms of a cohort, which stand in it side by side. Disposing of it removes the cluster. */
export async function* makeSharedTestbed(
  runContext: RunContext,
  cohort: Cohort,
  signal: AbortSignal,
): AsyncGenerator<Step, Testbed> {
  const { plan, run, site, docker, records, network, kind, env } = runContext
  const arms = visitedArms(plan, cohort).map((arm) => inOwnNamespace(arm, runContext))
  // What cannot stand side by side is refused before anything is made.
  installationsOf(arms, { plan, placed: (tree) => tree })
  const name = clusterName(run, cohort.cohort, 1)
  const dir = join(runContext.dir, name)
  const kubeconfigFile = join(dir, 'kubeconfig')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => removeCluster(name, docker, records, network))
  const madeAt = new Date().toISOString()
  await records.write({ cluster: name, run, arm: ALL, owner: ownIdentity(), kept: false, made: { at: madeAt, run } })
  await network.expect(docker)
  yield { title: 'creating one cluster of three nodes for all arms' }
  await createCluster(kind, { name, nodeImage: site.kind.nodeImage, kubeconfig: kubeconfigFile, env }, signal)
  const nodes = nodesOf(name)
  const affinity = await pinNodes(nodes, docker)
  if (affinity.refused !== undefined)
    yield { title: `all nodes share all cores: Docker cannot pin them (${affinity.refused})` }
  yield { title: 'loading the images of all arms' }
  await runContext.images.load(imagesOfAll(arms, runContext), nodes)
  await runContext.images.clear()
  const cluster = undo.adopt(await connect(await readFile(kubeconfigFile, 'utf8')), (open) => open.close())
  const place = placeOf({ name, nodes, cluster, affinity, origin: { madeAt } }, runContext)
  const { charts, manifests, helm } = runContext
  const { raise, lower } = yield* standSideBySide(
    {
      ...place,
      ...{ site, helm, charts, manifests, env, dir, kubeconfigFile },
      ownNamespaces: ['local-path-storage'],
      existing: async ({ arm }) => {
        throw new Failure('unsupported', `arm ${arm.name}: nothing exists in a cluster that is made for the run`, {
          remedy: 'Remove `provision: existing`.',
        })
      },
    },
    arms,
    signal,
  )
  const owned = undo.move()
  return { raise, lower, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function inOwnNamespace(arm: Arm, { plan, site, application }: RunContext): ArmMesh {
  const of = armMesh(arm, plan.scenario, site, application)
  return { ...of, about: { ...of.about, namespace: `${of.about.namespace}-${arm.name}`.slice(0, 63).toLowerCase() } }
}

/** Each image once, on all nodes that any arm needs it on. */
function imagesOfAll(arms: readonly ArmMesh[], { site, plan }: RunContext): MeshImage[] {
  const all = arms.flatMap((of) => imagesOfArm(of, site, plan.scenario.loads))
  return [...Map.groupBy(all, ({ name }) => name)].map(([name, same]) => {
    const wanted = new Set(same.flatMap(({ on }) => on))
    return { name, on: NODE_PARTS.filter((part) => wanted.has(part)) }
  })
}
