import type { Mesh } from '../model/mesh.ts'

export const none: Mesh = {
  name: 'none',
  title: 'No mesh',
  summary: 'The client talks to the server directly.',
  layer: 'none',
  mtls: false,
  settings: {},
  processes: { protocols: ['http', 'http2', 'grpc', 'tcp'], proxies: [] },
}
