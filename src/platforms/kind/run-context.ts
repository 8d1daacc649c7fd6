import type { Cluster } from '../../kubernetes/cluster.ts'
import type { ChartCache, ManifestCache } from '../../kubernetes/install/chart-cache.ts'
import type { NodePart, Readiness } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { Program, Site } from '../../model/site.ts'
import { perImage } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import { operationsOf } from '../../operations/index.ts'
import { type ArmMesh, installationTime, installedReadiness } from '../in-cluster/arm-mesh.ts'
import type { ClusterArm } from '../in-cluster/cluster-arm.ts'
import type { Application } from '../in-cluster/own-application.ts'
import { movable } from '../in-cluster/workload.ts'
import type { Records } from './cluster/cluster-record.ts'
import { type ImageCache, nodeImage } from './cluster/image-cache.ts'
import type { Network } from './cluster/network.ts'
import type { Affinity } from './cluster/nodes.ts'
import type { Docker } from './docker.ts'

/** What the arms of a run have in common. */
export interface RunContext {
  readonly plan: Plan
  readonly run: string
  readonly site: Site
  readonly kind: Program
  readonly helm: Program
  readonly docker: Docker
  readonly records: Records
  readonly network: Network
  readonly images: ImageCache
  readonly charts: ChartCache
  readonly manifests: ManifestCache
  /** What every program is started with: it bears the run's stamps. */
  readonly env: NodeJS.ProcessEnv
  /** A folder that only we can read. */
  readonly dir: string
  /** Leave the clusters standing for the next run. */
  readonly keep: boolean
  /** In place of our server. */
  readonly application?: Application | undefined
}

/** An arm's cluster that is made and installed. Whether it is frozen is for Docker to say. */
export interface ArmCluster {
  readonly of: ArmMesh
  readonly name: string
  readonly nodes: Readonly<Record<NodePart, string>>
  readonly cluster: Cluster
  readonly affinity: Affinity
  readonly origin: Origin
}

/** Where a cluster comes from: two runs that shared one have less to say of each other. */
interface Origin {
  /** ISO 8601. */
  readonly madeAt: string
  /** The run that left it standing; absent where this one made it. */
  readonly keptFrom?: string
  /** How long the installation of its mesh took; absent where this run installed none. */
  readonly installed?: Seconds
}

/** kind calls a cluster ready when its control plane's node is, which is before names are resolved in it. */
const CLUSTER_DNS: Readiness = { kind: 'Deployment', namespace: 'kube-system', name: 'coredns' }

/** An arm's cluster as what any cluster is to the rest. */
export function standing(armCluster: ArmCluster, runContext: RunContext): ClusterArm {
  const { of } = armCluster
  const place = placeOf(armCluster, runContext)
  return {
    ...place,
    of,
    isConfigured: true,
    before: [...place.before, ...installedReadiness(of)],
    facts: [
      ...place.facts,
      ...installationTime(armCluster.origin.installed),
      { name: 'isolation', seen: isolationOf(runContext.plan), source: 'plan' },
    ],
  }
}

/** A cluster as a place for arms: one machine, on whose nodes Docker runs programs. */
export function placeOf(
  { cluster, name, nodes, affinity, origin }: Omit<ArmCluster, 'of'>,
  { docker, plan, run, site }: RunContext,
): Omit<ClusterArm, 'of' | 'isConfigured'> {
  const alive = Object.values(nodes).map((node) => ({ kind: 'Node', namespace: '', name: node }) as const)
  return {
    ...{ cluster, plan, run, nodes },
    images: { busybox: nodeImage(site.images.busybox), ...perImage((_, tool) => nodeImage(site.images[tool])) },
    imageOf: nodeImage,
    machines: ['client'],
    cpus: affinity.cpus,
    isHere: true,
    onNode: (node, argv) => docker.exec(nodes[node as NodePart], argv),
    placed: (tree) => (operationsOf(plan.scenario.loads).some(({ movesServer }) => movesServer) ? movable(tree) : tree),
    before: [...alive, CLUSTER_DNS],
    facts: [
      { name: 'cluster', seen: whereFrom(name, origin), source: 'kind' },
      { name: 'affinity', seen: affinity.seen, source: 'docker update --cpuset-cpus' },
    ],
  }
}

/** Name and creation time identify a provisioning, since a cluster that is created again within a run has the same name. */
function whereFrom(name: string, { madeAt, keptFrom }: Origin): string {
  return `${name}, made ${madeAt}${keptFrom === undefined ? '' : `, kept from run ${keptFrom}`}`
}

function isolationOf({ scenario }: Plan): string {
  return scenario.isolation === 'sequential'
    ? 'sequential: one arm at a time, so drift cannot be separated from differences'
    : `frozen: other arms paused: ${scenario.arms.length - 1}`
}
