import type { Mesh } from '../model/mesh.ts'
import { l4Settings } from './envoy-settings.ts'

export const envoyNode: Mesh = {
  name: 'envoy-node',
  title: 'Envoy per node (ambient L4 architecture)',
  summary: 'One shared Envoy per node; both pass bytes only, through HTTP/2 CONNECT tunnels over mutual TLS (HBONE).',
  layer: 'L4',
  encryption: 'mtls',
  settings: l4Settings,
  processes: {
    protocols: ['http', 'http2', 'grpc', 'tcp'],
    proxies: [
      {
        name: 'client-node-proxy',
        role: 'node-proxy',
        identity: 'client-node',
        accepts: 'plain',
        sends: 'hbone',
        layer: 'L4',
      },
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
