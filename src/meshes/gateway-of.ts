import type { MeshGateway } from '../model/mesh.ts'
import type { Arm } from '../model/scenario.ts'
import { meshes } from './index.ts'

/** The gateway by which load enters an arm; undefined where its Service is asked directly, as that of an arm without a mesh always is. */
export function gatewayOf({ mesh, entrance }: Pick<Arm, 'mesh' | 'entrance'>): MeshGateway | undefined {
  return entrance === 'gateway' ? meshes[mesh]?.kubernetes?.gateway : undefined
}
