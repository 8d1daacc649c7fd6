import type { InstallAbout, InstallStep, KubernetesMesh, Mesh, MeshImage, Setting, Values } from '../model/mesh.ts'
import { inspectProxies } from './inspect-proxies.ts'
import { istioGateway } from './istio-gateway.ts'
import {
  ISTIO_NAMESPACE,
  istioCommon,
  istioControlPlane,
  istioImage,
  istioImages,
  istioReadiness,
  istioRelease,
  istioRevision,
  strictMtls,
} from './istio-parts.ts'
import { proveAmbient, proveAmbientBehind } from './prove-istio.ts'
import { concurrencySetting, limitSettings, resourcesFor, strictSetting, valuesSetting } from './settings.ts'
import { mebibytes, ON, SERVER, workloadComponents } from './workload-parts.ts'

/** What ambient brings on every node, and its control plane. */
export const ambientComponents = [
  ...workloadComponents,
  { component: 'ztunnel', role: 'node-proxy', namespace: ISTIO_NAMESPACE, labels: { app: 'ztunnel' }, perNode: true },
  { component: 'istio-cni', role: 'cni', namespace: ISTIO_NAMESPACE, labels: { 'k8s-app': 'istio-cni-node' } },
  { component: 'istiod', role: 'control-plane', namespace: ISTIO_NAMESPACE, labels: { app: 'istiod' } },
] as const

export const ambientSettings = {
  concurrency: concurrencySetting,
  accessLog: {
    summary: 'Whether ztunnel writes a line for each connection, as it ships.',
    type: 'boolean',
    default: { equalised: false, defaults: true },
  },
  dnsCapture: {
    summary: "Whether ztunnel answers the pods' DNS queries, as it ships; neither sidecars nor Linkerd do.",
    type: 'boolean',
    default: { equalised: false, defaults: true },
  },
  strict: strictSetting,
  ...limitSettings,
  values: valuesSetting,
} as const satisfies Record<string, Setting>

export const ztunnelScrape = {
  name: 'ztunnel',
  namespace: ISTIO_NAMESPACE,
  labels: { app: 'ztunnel' },
  port: 15020,
  path: '/metrics',
} as const

export const ambientLabels = { 'istio.io/dataplane-mode': 'ambient' } as const

/** ztunnel's telemetry calls a workload by its canonical name (`source_app`, `destination_app`), which this label gives it. */
export const entranceLabels = { 'service.istio.io/canonical-name': SERVER.app } as const

/** ztunnel speaks to istiod and needs what the CNI agent lays for it, so it comes last. */
export function installAmbient(about: InstallAbout, istiod: Values): InstallStep[] {
  return [
    ...istioControlPlane(about, { profile: 'ambient', ...istiod }),
    istioRelease(about, { release: 'istio-cni', chart: 'cni', values: cniValues(about) }),
    istioRelease(about, { release: 'ztunnel', chart: 'ztunnel', values: ztunnelValues(about) }),
    { do: 'wait', until: [istioReadiness('DaemonSet', 'istio-cni-node'), istioReadiness('DaemonSet', 'ztunnel')] },
  ]
}

export function ambientImages(about: InstallAbout): MeshImage[] {
  return [
    istioImage(about, 'istiod', 'pilot', ON.control),
    istioImage(about, 'cni', 'install-cni', ON.all),
    istioImage(about, 'ztunnel', 'ztunnel', ON.all),
  ]
}

function cniValues(about: InstallAbout): Values {
  return {
    ...ofRevision(about),
    profile: 'ambient',
    global: istioImages(about),
    ...(about.settings['dnsCapture'] === false && { ambient: { dnsCapture: false } }),
  }
}

function ztunnelValues(about: InstallAbout): Values {
  const { settings } = about
  const threads = Number(settings['concurrency'] ?? 0)
  // Requests as shipped.
  const resources = resourcesFor(settings, { cpu: '200m', memory: 512 })
  return {
    ...ofRevision(about),
    ...istioImages(about),
    ...(settings['accessLog'] === false && { logLevel: QUIET }),
    ...(threads > 0 && { env: { ZTUNNEL_WORKER_THREADS: String(threads) } }),
    ...(resources && { resources }),
  }
}

/** Whose control plane they look for. */
function ofRevision(about: InstallAbout): Values {
  const revision = istioRevision(about)
  return revision === undefined ? {} : { revision }
}

/** Failed connections are still logged. */
const QUIET = 'info,access=error'

const kubernetes: KubernetesMesh = {
  ...istioCommon,
  install: (about) => installAmbient(about, {}),
  images: ambientImages,
  enrol: (about) => ({ labels: ambientLabels, entranceLabels, objects: strictMtls(about), until: [] }),
  components: ambientComponents,
  scrapes: [ztunnelScrape],
  inspect: (pods, about) =>
    inspectProxies(pods, about, {
      components: ambientComponents,
      layer: 'L4',
      enrolled: 'ambient',
      configured: ['accessLog', 'dnsCapture', 'strict'],
    }),
  prove: proveAmbient,
}

export const istioAmbient: Mesh = {
  name: 'istio-ambient',
  title: 'Istio ambient (L4)',
  summary: 'One ztunnel per node; both pass bytes only, through HTTP/2 CONNECT tunnels over mutual TLS (HBONE).',
  layer: 'L4',
  encryption: 'mtls',
  settings: ambientSettings,
  // Istio publishes 0.06 cores and 12 MB a ztunnel for 1.24 at 1,000/s, and at least 0.16 ms at p90.
  published: {
    rank: 1,
    added: { lo: 0.05e-3, hi: 1e-3 },
    proxies: [{ role: 'node-proxy', traversals: 2, cores: { lo: 0.05, hi: 0.4 }, memory: mebibytes(3, 40) }],
  },
  kubernetes: {
    ...kubernetes,
    gateway: istioGateway(kubernetes, {
      outside: { 'istio.io/dataplane-mode': 'none' },
      prove: proveAmbientBehind,
    }),
  },
}
