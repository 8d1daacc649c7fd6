import type { Mesh } from '../model/mesh.ts'
import { cilium } from './cilium.ts'
import { envoyNode } from './envoy-node.ts'
import { envoyNodeWaypoint } from './envoy-node-waypoint.ts'
import { envoySidecar } from './envoy-sidecar.ts'
import { istioAmbient } from './istio-ambient.ts'
import { istioAmbientWaypoint } from './istio-ambient-waypoint.ts'
import { istioSidecar } from './istio-sidecar.ts'
import { kuma } from './kuma.ts'
import { linkerd } from './linkerd.ts'
import { none } from './none.ts'

/** The registry: a new mesh is one file and one line here. */
const registered: readonly Mesh[] = [
  none,
  istioSidecar,
  istioAmbient,
  istioAmbientWaypoint,
  linkerd,
  kuma,
  cilium,
  envoySidecar,
  envoyNode,
  envoyNodeWaypoint,
]

export const meshes: Readonly<Record<string, Mesh>> = Object.fromEntries(registered.map((mesh) => [mesh.name, mesh]))
