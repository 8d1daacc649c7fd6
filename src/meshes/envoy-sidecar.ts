import type { Mesh } from '../model/mesh.ts'
import { l7Settings } from './envoy-settings.ts'

export const envoySidecar: Mesh = {
  name: 'envoy-sidecar',
  title: 'Envoy pair (sidecar architecture)',
  summary: 'One Envoy beside the client and one beside the server; both read HTTP; mutual TLS between them.',
  layer: 'L7',
  encryption: 'mtls',
  settings: l7Settings,
  processes: {
    protocols: ['http', 'http2', 'grpc'],
    proxies: [
      { name: 'client-proxy', role: 'client-proxy', identity: 'client', accepts: 'plain', sends: 'mtls', layer: 'L7' },
      { name: 'server-proxy', role: 'server-proxy', identity: 'server', accepts: 'mtls', sends: 'plain', layer: 'L7' },
    ],
  },
}
