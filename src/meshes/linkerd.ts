import type {
  ComponentRule,
  Counters,
  HelmCredentials,
  InstallAbout,
  InstallStep,
  KubernetesObject,
  Mesh,
  MeshImage,
  Readiness,
  Values,
  VersionTrouble,
} from '../model/mesh.ts'
import type { Vendor } from '../model/site.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { inspectProxies } from './inspect-proxies.ts'
import { givenValues, helmStep, imageTag, textAt } from './install-steps.ts'
import {
  asManyAsFit,
  type Counted,
  connectionsEvidence,
  grown,
  type Labels,
  level,
  mtlsEvidence,
  nothingCounted,
  type PodCounters,
  pathEvidence,
  threadsEvidence,
  USED,
  type Which,
} from './proof.ts'
import { concurrencySetting, limitSettings, resourcesFor, strictSetting, valuesSetting } from './settings.ts'
import {
  mebibytes,
  ON,
  ON_CONTROL_NODE,
  publishedSidecars,
  SERVER,
  sidecarComponents,
  sidecarScrapes,
  workloadComponents,
} from './workload-parts.ts'

const NAMESPACE = 'linkerd'
const REPOSITORY = 'https://helm.linkerd.io/edge'

/** 2.20, the last release with a name: it is this edge release. */
const vendor: Vendor = {
  name: 'linkerd',
  version: 'edge-26.6.3',
  hub: 'cr.l5d.io/linkerd',
  charts: {
    'linkerd-crds': { repository: REPOSITORY, chart: 'linkerd-crds' },
    'linkerd-control-plane': { repository: REPOSITORY, chart: 'linkerd-control-plane' },
  },
}

const PARTS = ['destination', 'identity', 'proxy-injector'] as const

const components: readonly ComponentRule[] = [
  ...workloadComponents,
  ...sidecarComponents('linkerd-proxy'),
  // All their containers: each has a proxy of its own, which is part of what the control plane costs.
  ...PARTS.map((part) => ({
    component: `linkerd-${part}`,
    role: 'control-plane' as const,
    namespace: NAMESPACE,
    labels: { 'linkerd.io/control-plane-component': part },
  })),
]

export const linkerd: Mesh = {
  name: 'linkerd',
  title: 'Linkerd',
  summary:
    'One Linkerd proxy beside the client and one beside the server; both read requests; mutual TLS between them.',
  layer: 'L7',
  encryption: 'mtls',
  settings: {
    concurrency: concurrencySetting,
    accessLog: {
      summary: 'Whether each proxy writes a line for each HTTP request.',
      type: 'boolean',
      default: { equalised: false, defaults: false },
    },
    strict: strictSetting,
    ...limitSettings,
    values: valuesSetting,
  },
  // Nobody publishes a least addition: it is that of `istio-ambient-waypoint`, of equal rank.
  published: {
    rank: 2,
    added: { lo: 0.1e-3, hi: 3e-3 },
    proxies: publishedSidecars({ lo: 0.15, hi: 0.4 }, mebibytes(3, 30)),
  },
  kubernetes: {
    vendor,
    // `identity.issuer.issuanceLifetime` as shipped; the issuer that is made for the run lives for 30 days.
    certificates: { what: "workload certificates of Linkerd's issuer", lifetime: 24 * 3600 },
    versionTrouble,
    noGateway:
      'Linkerd does not provide its own ingress controller; it is designed to work alongside the ingress controller of your choice (linkerd.io/2/features/ingress)',
    existing: {
      namespace: NAMESPACE,
      labels: { 'linkerd.io/control-plane-component': 'destination' },
      revisionChart: 'linkerd-control-plane',
      read: ({ images }) => {
        const own = images.find((image) => !/proxy/.test(image)) ?? ''
        return { version: own.split('@')[0]?.split(':').at(-1) ?? 'unknown' }
      },
    },
    protocols: ['http', 'http2', 'grpc', 'tcp'],
    routes: {},
    refusal: ({ namespace }, port) => [
      {
        apiVersion: 'policy.linkerd.io/v1beta3',
        kind: 'Server',
        metadata: { name: 'refused-port', namespace },
        spec: { podSelector: { matchLabels: SERVER }, port, proxyProtocol: 'opaque', accessPolicy: 'deny' },
      },
    ],
    install,
    images,
    enrol: (about) => ({ annotations: annotations(about), objects: [countersForAll(about)], until: [] }),
    components,
    scrapes: sidecarScrapes(4191, '/metrics'),
    inspect: (pods, about) =>
      inspectProxies(pods, about, {
        components,
        layer: 'L7',
        enrolled: 'linkerd-proxy',
        configured: ['accessLog', 'strict'],
      }),
    prove: proveLinkerd,
  },
}

/** Numbers of an edge release: year of the century, month, and which of the month. */
type Edge = readonly [year: number, month: number, release: number]

function edgeOf(version: string): Edge | undefined {
  const [, year, month, release] = /^edge-(\d\d)\.([1-9]|1[0-2])\.([1-9]\d?)$/.exec(version) ?? []
  return year === undefined ? undefined : [Number(year), Number(month), Number(release)]
}

function isBefore(version: string, [year, month, release]: Edge): boolean {
  const [y, m, r] = edgeOf(version) ?? [year, month, release]
  return y !== year ? y < year : m !== month ? m < month : r < release
}

/** Earlier charts install the Gateway API themselves, and have an image for the policy controller. */
const OLDEST: Edge = [25, 9, 4]

/** From here on the proxy's image lays the rules of its pod itself. */
const WITHOUT_INIT_IMAGE: Edge = [25, 11, 3]
const INIT_VERSION = 'v2.4.3'

/** Releases with a name; the project publishes charts of edge releases alone. */
const NAMED: Readonly<Record<string, string>> = { '2.19': 'edge-25.10.7', '2.20': 'edge-26.6.3' }

function versionTrouble(version: string): VersionTrouble | undefined {
  if (edgeOf(version)) {
    if (!isBefore(version, OLDEST)) return undefined
    return {
      message: `${version} cannot be installed by meshbench: its charts bring the Gateway API themselves, and other images`,
      remedy: `Name edge-${OLDEST.join('.')} or a later one.`,
    }
  }
  const message = `${version} is no version of Linkerd that can be installed: charts are published of edge releases only`
  const [, year, month, release] = /^(?:edge-|v)?(?:20)?(\d\d)\.0?(\d{1,2})\.0?(\d{1,2})$/.exec(version) ?? []
  const meant = NAMED[/^v?(?:stable-)?(\d+\.\d+)/.exec(version)?.[1] ?? ''] ?? `edge-${year}.${month}.${release}`
  const remedy = edgeOf(meant) ? `Write ${meant}.` : 'Name an edge release: edge-26.6.3 is 2.20, edge-25.10.7 is 2.19.'
  return { message, remedy }
}

/** `edge-26.6.3` → `2026.6.3`: how Linkerd numbers the charts of an edge release. */
function chartVersion(version: string): string {
  return version.replace(/^edge-/, '20')
}

/** As the values of the charts name them. */
function images(about: InstallAbout): MeshImage[] {
  const { hub } = about.vendor
  const given = givenValues(about, 'linkerd-control-plane')
  const named = (name: string, version: string, ...path: string[]) =>
    `${textAt(given, ...path, 'name') ?? `${hub}/${name}`}:${textAt(given, ...path, 'version') ?? version}`
  const controller = `${textAt(given, 'controllerImage') ?? `${hub}/controller`}:${textAt(given, 'controllerImageVersion') ?? imageTag(about)}`
  return [
    { name: controller, on: ON.control },
    { name: named('proxy', imageTag(about), 'proxy', 'image'), on: ON.all },
    ...(isBefore(about.version, WITHOUT_INIT_IMAGE)
      ? [{ name: named('proxy-init', INIT_VERSION, 'proxyInit', 'image'), on: ON.all }]
      : []),
  ]
}

/** Where only authenticated peers are let in, the proxies' counters would be shut off too: whoever scrapes them is no peer. */
function countersForAll({ namespace }: InstallAbout): KubernetesObject {
  return {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: { name: 'proxy-counters', namespace },
    spec: {
      podSelector: { matchLabels: {} },
      port: 'linkerd-admin',
      proxyProtocol: 'HTTP/1',
      accessPolicy: 'all-unauthenticated',
    },
  }
}

const CREDENTIALS: HelmCredentials = {
  anchor: 'root.linkerd.cluster.local',
  issuer: 'identity.linkerd.cluster.local',
  values: {
    anchor: ['identityTrustAnchorsPEM'],
    certificate: ['identity', 'issuer', 'tls', 'crtPEM'],
    key: ['identity', 'issuer', 'tls', 'keyPEM'],
  },
}

function install(about: InstallAbout): InstallStep[] {
  return [
    // Linkerd reads the Gateway API's routes and does not start without them.
    { do: 'gateway-api' },
    release(about, 'linkerd-crds', {}),
    { ...release(about, 'linkerd-control-plane', controlPlaneValues(about)), credentials: CREDENTIALS },
    {
      do: 'wait',
      until: PARTS.map((part): Readiness => ({ kind: 'Deployment', namespace: NAMESPACE, name: `linkerd-${part}` })),
    },
    { do: 'site-manifests' },
  ]
}

function release(about: InstallAbout, name: string, values: Values) {
  const version = chartVersion(about.version)
  return helmStep(about, { do: 'helm', release: name, chart: name, version, namespace: NAMESPACE, values })
}

function controlPlaneValues(about: InstallAbout): Values {
  const tag = imageTag(about)
  return {
    ...ON_CONTROL_NODE,
    linkerdVersion: about.version,
    controllerImage: `${about.vendor.hub}/controller`,
    controllerImageVersion: tag,
    // Shipped is Ignore: a pod that the webhook misses would run, and be measured, without a proxy.
    webhookFailurePolicy: 'Fail',
    // A job that calls home once a day, and may do so while something is measured.
    disableHeartBeat: true,
    proxy: { image: { name: `${about.vendor.hub}/proxy`, version: tag }, ...proxyValues(about) },
    ...(isBefore(about.version, WITHOUT_INIT_IMAGE) && {
      proxyInit: { image: { name: `${about.vendor.hub}/proxy-init`, version: INIT_VERSION } },
    }),
  }
}

/**
 * Threads and limits by the chart, so of the control plane's own proxies too: the annotation that would set them for
 * the workload alone cannot set one without the other.
 */
function proxyValues({ settings }: InstallAbout): Values {
  const threads = Number(settings['concurrency'] ?? 0)
  const resources = resourcesFor(settings, { cpu: '100m', memory: 128 })
  return {
    ...(threads > 0 && { runtime: { workers: { minimum: threads } } }),
    ...(resources && { resources: linkerdResources(resources) }),
  }
}

type Resources = NonNullable<ReturnType<typeof resourcesFor>>

/** Linkerd's chart has requests and limits the other way about. */
function linkerdResources({ requests, limits }: Resources): Values {
  return {
    cpu: { request: requests.cpu, ...(limits.cpu && { limit: limits.cpu }) },
    memory: { request: requests.memory, ...(limits.memory && { limit: limits.memory }) },
  }
}

/** On the namespace: its pods take them over when they are made. */
function annotations({ settings }: InstallAbout): Readonly<Record<string, string>> {
  return {
    'linkerd.io/inject': 'enabled',
    ...(settings['strict'] === true && { 'config.linkerd.io/default-inbound-policy': 'all-authenticated' }),
    ...(settings['accessLog'] === true && { 'config.linkerd.io/access-log': 'apache' }),
  }
}

const SOURCE = "Linkerd's metrics"
const ADMIN = '4191'
const THREADS = 'tokio_rt_workers'

/** What the proxies of client and server counted; opaque TCP by connections and bytes. */
function proveLinkerd(
  counters: Counters,
  about: InstallAbout,
): { readonly evidence: readonly Evidence[]; readonly carried?: Carried } {
  const client = counters['client-proxy'] ?? []
  const server = counters['server-proxy'] ?? []
  if (server.length === 0) return { evidence: [nothingCounted("the server's proxy")] }
  const counted = inbound(server, about)
  const hops = [
    { name: 'client-proxy', carried: outbound(client) },
    { name: 'server-proxy', carried: counted.carried },
  ]
  const proxies = [
    { name: 'client-proxy', pods: client, gauge: THREADS },
    { name: 'server-proxy', pods: server, gauge: THREADS },
  ]
  return {
    evidence: [
      mtlsEvidence(counted, 'server-proxy'),
      pathEvidence(hops, SOURCE),
      ...threadsEvidence(proxies, Number(about.settings['concurrency'] ?? 0), asManyAsFit),
      ...connections(client),
      ...clients(server),
    ],
    carried: counted.carried,
  }
}

/** The workload's ports: not the proxy's own, and not what the kubelet asks to see whether a pod lives. */
const ofWorkload: Which = (labels) =>
  labels['direction'] === 'inbound' && labels['target_port'] !== ADMIN && !isOfKubelet(labels)

/** The route that Linkerd itself makes for the kubelet's requests; a route that a user made may have the same name. */
function isOfKubelet({ route_name, route_kind = 'default' }: Labels): boolean {
  return route_name === 'probe' && route_kind === 'default'
}

function inbound(pods: readonly PodCounters[], { namespace }: InstallAbout): Counted {
  const fromNamespace = `.${namespace}.serviceaccount.identity.`
  const isMtls = ({ tls, client_id }: Labels) => tls === 'true' && client_id?.includes(fromNamespace) === true
  const mtls: Which = (labels) => ofWorkload(labels) && isMtls(labels)
  const requests = grown(pods, 'request_total', mtls)
  const plainRequests = grown(pods, 'request_total', (labels) => ofWorkload(labels) && !isMtls(labels))
  const tcp: Which = (labels) => mtls(labels) && labels['peer'] === 'src'
  const connections = grown(pods, 'tcp_open_total', tcp)
  const bytes = grown(pods, 'tcp_write_bytes_total', tcp)
  if (requests + plainRequests > 0 || connections + bytes === 0) {
    return { carried: { requests }, plain: plainRequests, source: SOURCE }
  }
  // Of the ports that were used: the kubelet's probes of others come without TLS.
  const ports = usedPorts(pods, tcp)
  const plain = grown(pods, 'tcp_open_total', (labels) => {
    return ofWorkload(labels) && labels['peer'] === 'src' && !isMtls(labels) && ports.has(labels['target_port'])
  })
  return { carried: { connections, bytes }, plain, source: SOURCE }
}

function usedPorts(pods: readonly PodCounters[], which: Which): ReadonlySet<string | undefined> {
  const ports = new Set(pods.flatMap(({ after }) => after.filter(({ labels }) => which(labels)).map(portOf)))
  return new Set(
    [...ports].filter(
      (port) => grown(pods, 'tcp_write_bytes_total', (labels) => which(labels) && labels['target_port'] === port) > 0,
    ),
  )
}

const portOf = ({ labels }: { readonly labels: Labels }) => labels['target_port']

/** What the client's proxy sent to the server's under mutual TLS. */
function outbound(pods: readonly PodCounters[]): Carried {
  const mtls: Which = (labels) => labels['direction'] === 'outbound' && labels['tls'] === 'true'
  const requests = grown(pods, 'request_total', mtls)
  const tcp: Which = (labels) => mtls(labels) && labels['peer'] === 'dst'
  const connections = grown(pods, 'tcp_open_total', tcp)
  const bytes = grown(pods, 'tcp_read_bytes_total', tcp)
  return requests > 0 || connections + bytes === 0 ? { requests } : { connections, bytes }
}

/** What the client's proxy has open to the server's; it speaks HTTP/2 to it whatever the client speaks. */
function connections(pods: readonly PodCounters[]): Evidence[] {
  const toServer: Which = ({ direction, peer, tls }) => direction === 'outbound' && peer === 'dst' && tls === 'true'
  const open = (edge: 'before' | 'after') => level(pods, edge, 'tcp_open_connections', toServer)
  const how = grown(pods, 'request_total', ({ direction }) => direction === 'outbound') > 0 ? USED.http2 : ''
  return connectionsEvidence(Math.max(open('before'), open('after')), 'between the proxies', how, SOURCE)
}

/** Who came: the identities that the server's proxy saw within the window. */
function clients(pods: readonly PodCounters[]): Evidence[] {
  const ids = new Set(
    pods.flatMap(({ after }) =>
      after.flatMap(({ name, labels }) => (name === 'tcp_open_total' ? (labels['client_id'] ?? []) : [])),
    ),
  )
  return ids.size === 0 ? [] : [{ name: 'identity', seen: [...ids].sort().join(', '), source: SOURCE }]
}
