import type { Counters, InstallAbout, InstallStep, KubernetesObject, Mesh, MeshImage, Values } from '../model/mesh.ts'
import type { Vendor } from '../model/site.ts'
import { formatSize } from '../model/units.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { inspectProxies } from './inspect-proxies.ts'
import { givenValues, helmStep, releaseTrouble, textAt } from './install-steps.ts'
import { envoyCarried, grown, type Listeners, nothingCounted, type PodCounters, threadsEvidence } from './proof.ts'
import { ENVOY_THREADS } from './prove-istio.ts'
import { concurrencySetting, limitSettings, mergeValues, resourcesFor, valuesSetting } from './settings.ts'
import { CLIENT, ON, ON_CONTROL_NODE, SERVER, workloadComponents } from './workload-parts.ts'

const NAMESPACE = 'kube-system'
/** Of the tunnel between nodes. */
const INTERFACE = 'cilium_wg0'
const ENVOY = { 'k8s-app': 'cilium-envoy' } as const

const vendor: Vendor = {
  name: 'cilium',
  version: '1.19.6',
  hub: 'quay.io/cilium',
  charts: { cilium: { repository: 'https://helm.cilium.io', chart: 'cilium' } },
}

/** The Envoy that the chart of this version names; of another version only the chart knows it. */
const ENVOY_OF: Readonly<Record<string, string>> = {
  '1.19.6': 'v1.36.9-1782267392-edeb3f2af56c37c407efa1f63f0b32f595399bbc',
}

const components = [
  ...workloadComponents,
  { component: 'envoy', role: 'node-proxy', namespace: NAMESPACE, labels: ENVOY, perNode: true },
  // Requests do not pass through it. WireGuard is the kernel's, whose CPU is the node's own.
  { component: 'cilium-agent', role: 'cni', namespace: NAMESPACE, labels: { 'k8s-app': 'cilium' }, perNode: true },
  {
    component: 'cilium-operator',
    role: 'control-plane',
    namespace: NAMESPACE,
    labels: { 'io.cilium/app': 'operator' },
  },
] as const

export const cilium: Mesh = {
  name: 'cilium',
  title: 'Cilium (L7, WireGuard)',
  summary:
    "One Envoy on the server's node reads requests; WireGuard between the nodes; Cilium is the cluster's network too. Written from its chart and documentation and never run by us.",
  layer: 'L7',
  encryption: 'wireguard',
  settings: { concurrency: concurrencySetting, retries: retriesSetting(), ...limitSettings, values: valuesSetting },
  kubernetes: {
    vendor,
    versionTrouble: (version) => releaseTrouble('Cilium', vendor.version, version),
    // Of bytes it would be a mesh without a proxy: its policy for them is in the kernel.
    protocols: ['http', 'http2', 'grpc'],
    isNetwork: true,
    install,
    images,
    enrol: (about) => ({ objects: [readRequests(about)], until: [] }),
    components,
    scrapes: [{ name: 'envoy', namespace: NAMESPACE, labels: ENVOY, port: 9964, path: '/metrics' }],
    interfaces: [INTERFACE],
    inspect: (pods, about) => inspectProxies(pods, about, { components, layer: 'L7', configured: ['retries'] }),
    prove: proveCilium,
  },
}

function retriesSetting() {
  return {
    summary: 'Retries of a failed request.',
    type: 'number' as const,
    default: { equalised: 0, defaults: 3 },
  }
}

/** As the values of the chart name it. */
function imageOf(about: InstallAbout, part: string, tag: string, ...path: string[]): string {
  const given = givenValues(about, 'cilium')
  const repository = textAt(given, ...path, 'image', 'repository') ?? `${about.vendor.hub}/${part}`
  return `${repository}:${textAt(given, ...path, 'image', 'tag') ?? tag}`
}

function images(about: InstallAbout): MeshImage[] {
  const { vendor, version } = about
  const tag = vendor.tag ?? `v${version}`
  const operator = imageOf(about, 'operator', tag, 'operator')
  const envoy = imageOf(about, 'cilium-envoy', ENVOY_OF[version] ?? '', 'envoy')
  return [
    { name: imageOf(about, 'cilium', tag), on: ON.all },
    // The chart names it after the cloud that the addresses come from.
    { name: operator.replace(/(?=:[^:/]*$)/, '-generic'), on: ON.control },
    // Nodes pull what we cannot name.
    ...(envoy.endsWith(':') ? [] : [{ name: envoy, on: ON.all }]),
  ]
}

function install(about: InstallAbout): InstallStep[] {
  const { version } = about
  const step = { do: 'helm', release: 'cilium', chart: 'cilium', namespace: NAMESPACE } as const
  return [
    helmStep(about, { ...step, version, values: values(about) }),
    {
      do: 'wait',
      until: [
        { kind: 'Deployment', namespace: NAMESPACE, name: 'cilium-operator' },
        { kind: 'DaemonSet', namespace: NAMESPACE, name: 'cilium' },
        { kind: 'DaemonSet', namespace: NAMESPACE, name: 'cilium-envoy' },
      ],
    },
    { do: 'site-manifests' },
  ]
}

/** Images by tag, since a node does not find an image that it was given by a digest. */
function values(about: InstallAbout): Values {
  const { vendor, settings } = about
  const image = (part: string, tag = vendor.tag) => ({
    image: { repository: `${vendor.hub}/${part}`, ...(tag !== undefined && { tag }), useDigest: false },
  })
  const threads = Number(settings['concurrency'] ?? 0)
  const resources = resourcesFor(settings, { cpu: '100m', memory: 64 })
  return mergeValues(
    {
      ...image('cilium'),
      operator: { ...image('operator'), replicas: 1, ...ON_CONTROL_NODE },
      envoy: {
        ...image('cilium-envoy', undefined),
        enabled: true,
        httpRetryCount: Number(settings['retries']),
        prometheus: { enabled: true },
      },
      // As for kind in its documentation: nodes have ranges of addresses already.
      ipam: { mode: 'kubernetes' },
      encryption: { enabled: true, type: 'wireguard' },
    },
    // It copies every flow to an observer, as access logs do.
    about.profile === 'equalised' ? { hubble: { enabled: false } } : undefined,
    threads > 0 ? { envoy: { extraArgs: [`--concurrency ${threads}`] } } : undefined,
    resources && { envoy: { resources } },
  )
}

/** Without a rule for HTTP no Envoy is on the way: the kernel forwards everything. This one allows all requests of the client. */
function readRequests({ namespace }: InstallAbout): KubernetesObject {
  const ports = ['8080', '8079'].map((port) => ({ port, protocol: 'TCP' }))
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'read-requests', namespace },
    spec: {
      endpointSelector: { matchLabels: SERVER },
      ingress: [{ fromEndpoints: [{ matchLabels: CLIENT }], toPorts: [{ ports, rules: { http: [{}] } }] }],
    },
  }
}

/** What Envoy calls the listeners of Cilium's policies. */
const POLICIES: Listeners = {
  http: ({ envoy_http_conn_manager_prefix: prefix }) => prefix === 'proxy',
  tcp: () => false,
}

function proveCilium(
  counters: Counters,
  { settings }: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const at = (pods: readonly PodCounters[] | undefined, node: string) => (pods ?? []).filter((one) => one.node === node)
  const envoy = at(counters['envoy'], 'server')
  const tunnel = counters[INTERFACE] ?? []
  if (envoy.length === 0 || tunnel.length === 0) {
    return { evidence: [{ ...nothingCounted('Envoy and WireGuard'), name: 'wireguard' }] }
  }
  const carried = envoyCarried(envoy, POLICIES)
  const proxies = [{ name: 'envoy', pods: envoy, gauge: ENVOY_THREADS }]
  return {
    evidence: [
      tunnelled(at(tunnel, 'client'), at(tunnel, 'server'), carried.requests ?? 0),
      ...threadsEvidence(proxies, Number(settings['concurrency'] ?? 0)),
    ],
    carried,
  }
}

/** A frame of HTTP/2 with the status of an answer is larger. */
const LEAST_BYTES = 20

/** Traffic that went past the tunnel is not in its bytes: they are too few then for the requests. */
function tunnelled(client: readonly PodCounters[], server: readonly PodCounters[], requests: number): Evidence {
  const sent = grown(server, 'transmit_bytes')
  const received = grown(client, 'receive_bytes')
  const least = requests * LEAST_BYTES
  return {
    name: 'wireguard',
    holds: requests > 0 && sent >= least && received >= least,
    seen: `${formatSize(sent)} sent by the server's node through ${INTERFACE}, ${formatSize(received)} received by the client's, for ${requests.toLocaleString('en-US')} requests.`,
    source: 'the nodes',
  }
}
