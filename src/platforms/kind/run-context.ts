import type { Cluster } from '../../kubernetes/cluster.ts'
import type { ChartCache, ManifestCache } from '../../kubernetes/install/chart-cache.ts'
import type { NodePart } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { Program, Site } from '../../model/site.ts'
import type { ArmMesh } from './arm.ts'
import type { Records } from './cluster/cluster-record.ts'
import type { ImageCache } from './cluster/image-cache.ts'
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
export interface Origin {
  /** ISO 8601. */
  readonly madeAt: string
  /** The run that left it standing; absent where this one made it. */
  readonly keptFrom?: string
}
