import type { InstallAbout, KubernetesMesh, Mesh, Values } from '../model/mesh.ts'
import { inspectProxies } from './inspect-proxies.ts'
import { istioGateway } from './istio-gateway.ts'
import {
  envoyResources,
  envoySettings,
  ISTIO_NAMESPACE,
  istioCommon,
  istioControlPlane,
  istioImage,
  istioInjected,
  istioProxyImage,
  istioRevision,
  proxyConfig,
  revisionLabel,
  strictMtls,
} from './istio-parts.ts'
import { proveSidecar, proveSidecarBehind } from './prove-istio.ts'
import { concurrencySetting, limitSettings, strictSetting, valuesSetting } from './settings.ts'
import {
  mebibytes,
  ON,
  publishedSidecars,
  sidecarComponents,
  sidecarScrapes,
  workloadComponents,
} from './workload-parts.ts'

const components = [
  ...workloadComponents,
  ...sidecarComponents('istio-proxy'),
  { component: 'istiod', role: 'control-plane', namespace: ISTIO_NAMESPACE, labels: { app: 'istiod' } },
] as const

/** As shipped without ambient. Where ambient stands beside it, istiod would give sidecars its tunnels as well. */
const WITHOUT_TUNNELS = { ISTIO_META_ENABLE_HBONE: 'false' } as const

const kubernetes: KubernetesMesh = {
  ...istioCommon,
  routes: { setting: 'gatewayApi' },
  install: (about) => [
    ...(about.settings['gatewayApi'] === true ? [{ do: 'gateway-api' } as const] : []),
    ...istioControlPlane(about, sidecarValues(about)),
  ],
  images: (about) => [istioImage(about, 'istiod', 'pilot', ON.control), istioProxyImage(about, ON.workload)],
  injectedImages: istioInjected,
  enrol: (about) => ({
    labels: istioRevision(about) ? revisionLabel(about) : { 'istio-injection': 'enabled' },
    podAnnotations: proxyConfig(about, WITHOUT_TUNNELS),
    objects: strictMtls(about),
    until: [],
  }),
  components,
  // Envoy's own port, which leaves the agent's metrics out.
  scrapes: sidecarScrapes(15090, '/stats/prometheus'),
  inspect: (pods, about) =>
    inspectProxies(pods, about, {
      components,
      layer: 'L7',
      enrolled: 'istio-proxy',
      configured: ['retries', 'accessLog', 'tracing', 'strict'],
    }),
  prove: proveSidecar,
}

export const istioSidecar: Mesh = {
  name: 'istio-sidecar',
  title: 'Istio (sidecar)',
  summary: 'One Envoy beside the client and one beside the server; both read requests; mutual TLS between them.',
  layer: 'L7',
  encryption: 'mtls',
  settings: {
    concurrency: concurrencySetting,
    accessLog: {
      summary: 'Whether each proxy writes a line for each request or connection.',
      type: 'boolean',
      default: { equalised: false, defaults: false },
    },
    gatewayApi: {
      summary: 'Whether the definitions of the Gateway API are installed too, so that its routes can be used.',
      type: 'boolean',
      default: { equalised: false, defaults: false },
    },
    ...envoySettings,
    strict: strictSetting,
    ...limitSettings,
    values: valuesSetting,
  },
  // Istio publishes 0.20 cores and 60 MB for 1.24 at 1,000/s, and at least 0.175 ms at p90 for 1.19. Widened, as for the other
  // meshes of Istio and for Linkerd, to what Bieringa, Solo and Buoyant measured and what small nodes have shown.
  published: {
    rank: 3,
    added: { lo: 0.15e-3, hi: 3e-3 },
    proxies: publishedSidecars({ lo: 0.2, hi: 0.6 }, mebibytes(40, 160)),
  },
  kubernetes: {
    ...kubernetes,
    gateway: istioGateway(kubernetes, {
      outside: { 'sidecar.istio.io/inject': 'false' },
      proxyMetadata: WITHOUT_TUNNELS,
      prove: proveSidecarBehind,
    }),
  },
}

function sidecarValues(about: InstallAbout): Values {
  const resources = envoyResources(about)
  return {
    ...(resources && { global: { proxy: { resources } } }),
    ...(about.settings['accessLog'] === true && { meshConfig: { accessLogFile: '/dev/stdout' } }),
  }
}
