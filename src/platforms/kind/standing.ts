import type { Cluster } from '../../kubernetes/cluster.ts'
import type { NodePart } from '../../model/mesh.ts'
import type { ArmMesh } from './arm.ts'

/** An arm's cluster that is made and installed. */
export interface Standing {
  readonly of: ArmMesh
  readonly name: string
  readonly nodes: Readonly<Record<NodePart, string>>
  readonly cluster: Cluster
  frozen: boolean
}
