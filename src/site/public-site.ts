import type { Site } from '../model/site.ts'
import { perTool } from '../model/traits.ts'

/** The public addresses. Everything is pinned, so that a run can be repeated. */
export const PUBLIC_SITE: Site = {
  kind: {
    nodeImage: 'kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0',
  },
  images: {
    ...perTool(({ image }) => image),
    busybox: 'busybox:1.35.0@sha256:8c40df61d40166f5791f44b3d90b77b4c7f59ed39a992fd9046886d3126ffa68',
  },
  gatewayApi: {
    manifests: 'https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml',
    sha256: '751002b3b91a87f7ae3bd2517c79a47a8d7ed6702901808a1cf9bd97d284f9b8',
  },
  vendors: {},
}
