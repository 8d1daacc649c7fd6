import type { Site } from '../model/site.ts'

/** The public addresses. Everything is pinned, so that a run can be repeated. */
export const PUBLIC_SITE: Site = {
  kind: {
    nodeImage: 'kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0',
  },
  images: { fortio: 'fortio/fortio:1.68.0', k6: 'grafana/k6:1.8.1', busybox: 'busybox:1.35' },
  gatewayApi: {
    manifests: 'https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml',
  },
  vendors: {},
}
