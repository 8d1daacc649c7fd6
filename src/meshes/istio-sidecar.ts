import type { InstallAbout, Mesh, Values } from '../model/mesh.ts'
import { inspectProxies } from './inspect-proxies.ts'
import {
  envoyResources,
  envoySettings,
  ISTIO_NAMESPACE,
  istioCertificates,
  istioControlPlane,
  istioImage,
  istioInjected,
  istioProxyImage,
  istioRevision,
  istioVendor,
  istioVersionTrouble,
  proxyConfig,
  revisionLabel,
  strictMtls,
} from './istio-parts.ts'
import { proveSidecar } from './prove-istio.ts'
import { concurrencySetting, limitSettings, strictSetting, valuesSetting } from './settings.ts'
import { ON, sidecarComponents, sidecarScrapes, workloadComponents } from './workload-parts.ts'

const components = [
  ...workloadComponents,
  ...sidecarComponents('istio-proxy'),
  { component: 'istiod', role: 'control-plane', namespace: ISTIO_NAMESPACE, labels: { app: 'istiod' } },
] as const

export const istioSidecar: Mesh = {
  name: 'istio-sidecar',
  title: 'Istio (sidecar)',
  summary: 'One Envoy beside the client and one beside the server; both read requests; mutual TLS between them.',
  layer: 'L7',
  mtls: true,
  settings: {
    concurrency: concurrencySetting,
    accessLog: {
      summary: 'Whether each proxy writes a line for each request or connection.',
      type: 'boolean',
      default: { equalised: false, defaults: false },
    },
    ...envoySettings,
    strict: strictSetting,
    ...limitSettings,
    values: valuesSetting,
  },
  kubernetes: {
    vendor: istioVendor,
    certificates: istioCertificates,
    versionTrouble: istioVersionTrouble,
    protocols: ['http', 'http2', 'grpc', 'tcp'],
    install: (about) => istioControlPlane(about, sidecarValues(about)),
    images: (about) => [istioImage(about, 'istiod', 'pilot', ON.control), istioProxyImage(about, ON.workload)],
    injectedImages: istioInjected,
    enrol: (about) => ({
      labels: istioRevision(about) ? revisionLabel(about) : { 'istio-injection': 'enabled' },
      podAnnotations: proxyConfig(about),
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
  },
}

function sidecarValues(about: InstallAbout): Values {
  const resources = envoyResources(about)
  return {
    ...(resources && { global: { proxy: { resources } } }),
    ...(about.settings['accessLog'] === true && { meshConfig: { accessLogFile: '/dev/stdout' } }),
  }
}
