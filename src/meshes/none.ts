import type { Mesh } from '../model/mesh.ts'
import { enrolledPods } from './inspect-proxies.ts'
import { workloadComponents } from './workload-parts.ts'

export const none: Mesh = {
  name: 'none',
  title: 'No mesh',
  summary: 'The client talks to the server directly.',
  layer: 'none',
  encryption: 'none',
  settings: {},
  processes: { protocols: ['http', 'http2', 'grpc', 'tcp'], proxies: [] },
  kubernetes: {
    protocols: ['http', 'http2', 'grpc', 'tcp'],
    noGateway: 'without a mesh there is no gateway of a mesh: the Service is asked directly',
    install: () => [],
    images: () => [],
    enrol: () => ({ objects: [], until: [] }),
    components: workloadComponents,
    scrapes: [],
    inspect: (pods, { namespace }) => [enrolledPods(pods, namespace, undefined)],
    prove: () => ({ evidence: [] }),
  },
}
