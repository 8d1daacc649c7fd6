import type { Counters, InstallAbout, InstallStep, KubernetesObject, Mesh, Values } from '../model/mesh.ts'
import type { Vendor } from '../model/site.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { inspectProxies } from './inspect-proxies.ts'
import { givenValues, helmStep, imageTag, releaseTrouble, textAt } from './install-steps.ts'
import {
  envoyCarried,
  envoyPlain,
  type Listeners,
  mtlsEvidence,
  nothingCounted,
  threadsEvidence,
  type Which,
} from './proof.ts'
import { ENVOY_THREADS } from './prove-istio.ts'
import { concurrencySetting, limitSettings, mergeValues, resourcesFor, valuesSetting } from './settings.ts'
import { ON, ON_CONTROL_NODE, sidecarComponents, sidecarScrapes, workloadComponents } from './workload-parts.ts'

const NAMESPACE = 'kuma-system'
const METRICS_PORT = 5670

const vendor: Vendor = {
  name: 'kuma',
  version: '2.14.3',
  hub: 'docker.io/kumahq',
  charts: { kuma: { repository: 'https://kumahq.github.io/charts', chart: 'kuma' } },
}

const components = [
  ...workloadComponents,
  ...sidecarComponents('kuma-sidecar'),
  {
    component: 'kuma-control-plane',
    role: 'control-plane',
    namespace: NAMESPACE,
    labels: { app: 'kuma-control-plane' },
  },
] as const

export const kuma: Mesh = {
  name: 'kuma',
  title: 'Kuma',
  summary:
    'One Envoy beside the client and one beside the server; both read requests; mutual TLS between them. Written from its documentation and never run by us.',
  layer: 'L7',
  encryption: 'mtls',
  settings: { concurrency: concurrencySetting, ...limitSettings, values: valuesSetting },
  kubernetes: {
    vendor,
    // `dpCert.rotation.expiration` as shipped.
    certificates: { what: 'certificates of the data planes', lifetime: 24 * 3600 },
    versionTrouble: (version) => releaseTrouble('Kuma', vendor.version, version),
    protocols: ['http', 'http2', 'grpc', 'tcp'],
    install,
    // Without those of the chart's own jobs, which end before anything is measured: the node pulls them itself.
    images: (about) => [
      { name: imageOf(about, 'kuma-cp', 'controlPlane', 'image'), on: ON.control },
      { name: imageOf(about, 'kuma-dp', 'dataPlane', 'image'), on: ON.workload },
      { name: imageOf(about, 'kuma-init', 'dataPlane', 'initImage'), on: ON.workload },
    ],
    enrol: ({ settings }) => ({
      labels: { 'kuma.io/sidecar-injection': 'enabled' },
      podAnnotations: threads(Number(settings['concurrency'] ?? 0)),
      objects: [],
      until: [],
    }),
    components,
    scrapes: sidecarScrapes(METRICS_PORT, '/metrics'),
    inspect: (pods, about) =>
      inspectProxies(pods, about, { components, layer: 'L7', enrolled: 'kuma-sidecar', configured: [] }),
    prove: proveKuma,
  },
}

/** As the values of the chart name it. */
function imageOf(about: InstallAbout, name: string, ...path: string[]): string {
  const given = givenValues(about, 'kuma')
  const hub = textAt(given, 'global', 'image', 'registry') ?? about.vendor.hub
  const tag = textAt(given, ...path, 'tag') ?? textAt(given, 'global', 'image', 'tag') ?? imageTag(about)
  return `${hub}/${textAt(given, ...path, 'repository') ?? name}:${tag}`
}

function install(about: InstallAbout): InstallStep[] {
  const { version } = about
  return [
    helmStep(about, {
      do: 'helm',
      release: 'kuma',
      chart: 'kuma',
      version,
      namespace: NAMESPACE,
      values: values(about),
    }),
    { do: 'wait', until: [{ kind: 'Deployment', namespace: NAMESPACE, name: 'kuma-control-plane' }] },
    { do: 'apply', title: 'mutual TLS and metrics', objects: MESH },
    { do: 'site-manifests' },
  ]
}

function values(about: InstallAbout): Values {
  const { vendor, settings } = about
  // Requests as shipped.
  const resources = resourcesFor(settings, { cpu: '50m', memory: 64 })
  return mergeValues(
    { global: { image: { registry: vendor.hub } }, controlPlane: ON_CONTROL_NODE },
    resources && { dataPlane: { sidecarContainer: { resources } } },
    vendor.tag === undefined ? undefined : tagged(vendor.tag),
  )
}

/** For each image alone: the chart refuses a tag for all that is not its own version. */
function tagged(tag: string): Values {
  return { controlPlane: { image: { tag } }, dataPlane: { image: { tag }, initImage: { tag } } }
}

function threads(concurrency: number): Readonly<Record<string, string>> {
  return concurrency > 0 ? { 'kuma.io/sidecar-proxy-concurrency': String(concurrency) } : {}
}

/** Kuma ships with mutual TLS off, and with it on lets nobody in: neither is a mesh to be measured. */
const MESH: readonly KubernetesObject[] = [
  {
    apiVersion: 'kuma.io/v1alpha1',
    kind: 'Mesh',
    metadata: { name: 'default' },
    spec: { mtls: { enabledBackend: 'builtin', backends: [{ name: 'builtin', type: 'builtin' }] } },
  },
  policy('MeshTrafficPermission', 'allow', {
    from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
  }),
  policy('MeshMetric', 'metrics', {
    default: {
      sidecar: { profiles: { appendProfiles: [{ name: 'All' }] } },
      backends: [{ type: 'Prometheus', prometheus: { port: METRICS_PORT, path: '/metrics' } }],
    },
  }),
]

function policy(kind: string, name: string, spec: Values): KubernetesObject {
  return {
    apiVersion: 'kuma.io/v1alpha1',
    kind,
    metadata: { name, namespace: NAMESPACE, labels: { 'kuma.io/mesh': 'default' } },
    spec: { targetRef: { kind: 'Mesh' }, ...spec },
  }
}

/** Kuma names what it lets in after the application's port or after itself, and leaves Envoy's own names of labels. */
function inbound(label: string): Which {
  return (labels) => /^(localhost|self_inbound)_/.test(labels[label] ?? '')
}

const INBOUND: Listeners = { http: inbound('envoy_http_conn_manager_prefix'), tcp: inbound('envoy_tcp_prefix') }

function proveKuma(
  counters: Counters,
  { settings }: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const carried = envoyCarried(server, INBOUND)
  const proxies = Object.entries(counters).map(([name, pods]) => ({ name, pods, gauge: ENVOY_THREADS }))
  const counted = { carried, plain: envoyPlain(server, INBOUND), source: "Envoy's counters" }
  return {
    evidence: [
      mtlsEvidence(counted, 'server-proxy'),
      ...threadsEvidence(proxies, Number(settings['concurrency'] ?? 0)),
    ],
    carried,
  }
}
