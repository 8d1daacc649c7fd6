import type { MeshGateway } from '../model/mesh.ts'
import type { Arm, Scenario } from '../model/scenario.ts'
import { meshes } from './index.ts'

/** The gateway by which load enters an arm; undefined where its Service is asked directly, as that of an arm without a mesh always is. */
export function gatewayOf(
  arm: Pick<Arm, 'mesh' | 'entrance'>,
  { entrance }: Pick<Scenario, 'entrance'>,
): MeshGateway | undefined {
  return (arm.entrance ?? entrance) === 'gateway' ? meshes[arm.mesh]?.kubernetes?.gateway : undefined
}
