import type { Mesh } from '../model/mesh.ts'
import { envoyNode } from './envoy-node.ts'
import { envoyNodeWaypoint } from './envoy-node-waypoint.ts'
import { envoySidecar } from './envoy-sidecar.ts'
import { none } from './none.ts'

/** The registry: a new mesh is one file and one line here. */
export const meshes: Readonly<Record<string, Mesh>> = Object.fromEntries(
  [none, envoySidecar, envoyNode, envoyNodeWaypoint].map((mesh) => [mesh.name, mesh]),
)
