import type { KubernetesMesh } from '../../src/model/mesh.ts'

/** How a mesh that installs nothing would be built in a cluster. It carries no tcp. */
export const kubernetesBuild: KubernetesMesh = {
  protocols: ['http', 'http2', 'grpc'],
  install: () => [],
  images: () => [],
  enrol: () => ({ objects: [], until: [] }),
  components: [],
  scrapes: [],
  inspect: () => [],
  prove: () => ({ evidence: [] }),
}
