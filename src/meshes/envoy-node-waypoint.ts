import type { Mesh } from '../model/mesh.ts'
import { l7Settings } from './envoy-settings.ts'

export const envoyNodeWaypoint: Mesh = {
  name: 'envoy-node-waypoint',
  title: 'Envoy per node with waypoint (ambient L7 architecture)',
  summary: 'As envoy-node, with a third Envoy between the nodes that reads HTTP; tunnels over mutual TLS on both legs.',
  layer: 'L7',
  encryption: 'mtls',
  settings: l7Settings,
  processes: {
    protocols: ['http', 'http2', 'grpc'],
    proxies: [
      {
        name: 'client-node-proxy',
        role: 'node-proxy',
        identity: 'client-node',
        accepts: 'plain',
        sends: 'hbone',
        layer: 'L4',
      },
      { name: 'waypoint', role: 'waypoint', identity: 'waypoint', accepts: 'hbone', sends: 'hbone', layer: 'L7' },
      {
        name: 'server-node-proxy',
        role: 'node-proxy',
        identity: 'server-node',
        accepts: 'hbone',
        sends: 'plain',
        layer: 'L4',
      },
    ],
  },
}
