import type { Cluster } from '../../kubernetes/cluster.ts'
import type { NodePart } from '../../model/mesh.ts'
import type { ArmMesh } from './arm.ts'
import type { Affinity } from './cluster/pin-nodes.ts'

/** An arm's cluster that is made and installed. Whether it is frozen is for Docker to say. */
export interface Standing {
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
