import type {
  Certificates,
  ExistingMesh,
  InstallAbout,
  InstallStep,
  KubernetesMesh,
  KubernetesObject,
  MadeObject,
  MeshImage,
  NodePart,
  Readiness,
  Setting,
  Values,
} from '../model/mesh.ts'
import { PROBE_PROVIDERS, PROVIDERS_SETTING } from '../model/probe-providers.ts'
import type { Vendor } from '../model/site.ts'
import { givenValues, helmStep, imageTag, releaseTrouble, textAt } from './install-steps.ts'
import { mergeValues, resourcesFor } from './settings.ts'
import { ON_CONTROL_NODE, SERVER } from './workload-parts.ts'

export const ISTIO_NAMESPACE = 'istio-system'

const istioVendor: Vendor = {
  name: 'istio',
  version: '1.31.1',
  hub: 'docker.io/istio',
  // What the ambient profile ships; for the sidecar too, so that Istio's arms differ in their architecture alone.
  variant: 'distroless',
  charts: {
    base: 'oci://ghcr.io/istio/release/charts/base',
    istiod: 'oci://ghcr.io/istio/release/charts/istiod',
    cni: 'oci://ghcr.io/istio/release/charts/cni',
    ztunnel: 'oci://ghcr.io/istio/release/charts/ztunnel',
  },
}

/** istiod hands its root certificate to every namespace, and makes the classes of gateways where the Gateway API is. */
const istioMakes: readonly MadeObject[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', name: 'istio-ca-root-cert', everywhere: true },
  { apiVersion: 'v1', kind: 'ConfigMap', name: 'istio-ca-crl', everywhere: true },
  ...['istio', 'istio-remote', 'istio-waypoint', 'istio-east-west'].map((name) => {
    return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', name } as const
  }),
]

/** An istiod that is there already: its tag is its version, whatever the variant of its image. */
const istioExisting: ExistingMesh = {
  namespace: ISTIO_NAMESPACE,
  labels: { app: 'istiod' },
  revisionChart: 'istiod',
  read: ({ labels, images }) => {
    const tag = (images[0] ?? '').split('@')[0]?.split(':').at(-1) ?? 'unknown'
    const revision = labels['istio.io/rev'] ?? 'default'
    return { version: tag.replace(/-(distroless|debug)$/, ''), ...(revision !== 'default' && { revision }) }
  },
}

/** As Istio ships: istiod's own root lives for ten years. */
const istioCertificates: Certificates = { what: 'workload certificates of istiod', lifetime: 24 * 3600 }

/** What Istio retries a failed request unless told otherwise. */
const SHIPPED_RETRIES = 2

/** Settings of what Envoy does in Istio, beside client and server or as a waypoint. */
export const envoySettings = {
  tracing: {
    summary: 'Whether tracing is on. Istio ships it on, but without anyone to send spans to.',
    type: 'boolean',
    default: { equalised: false, defaults: true },
  },
  retries: {
    summary: 'Retries of a failed request; Istio ships 2.',
    type: 'number',
    minimum: 0,
    default: { equalised: 0, defaults: SHIPPED_RETRIES },
  },
  [PROVIDERS_SETTING]: {
    summary: 'Whether the mesh config names providers of authorization and tracing, which probes of features use.',
    type: 'boolean',
    default: { equalised: false, defaults: false },
  },
} as const satisfies Record<string, Setting>

type Release = { readonly release: string; readonly chart: string; readonly values: Values }

export function istioRelease(about: InstallAbout, { release, chart, values }: Release): InstallStep {
  const { version } = about
  return helmStep(about, { do: 'helm', release, chart, version, namespace: ISTIO_NAMESPACE, values })
}

/** Istio's definitions and its control plane, with what the site adds to it. */
export function istioControlPlane(about: InstallAbout, values: Values): InstallStep[] {
  const revision = istioRevision(about)
  return [
    istioRelease(about, {
      release: 'istio-base',
      chart: 'base',
      values: revision ? { defaultRevision: revision } : {},
    }),
    istioRelease(about, { release: 'istiod', chart: 'istiod', values: mergeValues(istiodValues(about), values) }),
    { do: 'wait', until: [istioReadiness('Deployment', revision ? `istiod-${revision}` : 'istiod')] },
    { do: 'site-manifests' },
  ]
}

/** The control plane's revision, where values give it one: its objects have other names then, and it serves only who names it. */
export function istioRevision(about: InstallAbout): string | undefined {
  return textAt(givenValues(about, 'istiod'), 'revision') || undefined
}

/** What makes a namespace, or a gateway, the revision's; nothing where there is none. */
export function revisionLabel(about: InstallAbout): Readonly<Record<string, string>> {
  const revision = istioRevision(about)
  return revision === undefined ? {} : { 'istio.io/rev': revision }
}

const istioVersionTrouble = (version: string) => releaseTrouble('Istio', istioVendor.version, version)

/** What all meshes of Istio have in common. */
export const istioCommon = {
  vendor: istioVendor,
  certificates: istioCertificates,
  existing: istioExisting,
  makes: istioMakes,
  versionTrouble: istioVersionTrouble,
  protocols: ['http', 'http2', 'grpc', 'tcp'],
  refusal: ({ namespace }, port) => [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'refused-port', namespace },
      spec: {
        selector: { matchLabels: SERVER },
        action: 'DENY',
        rules: [{ to: [{ operation: { ports: [String(port)] } }] }],
      },
    },
  ],
} as const satisfies Partial<KubernetesMesh>

/** The image of a chart's own pods, as its values name it. */
export function istioImage(about: InstallAbout, chart: string, name: string, on: readonly NodePart[]): MeshImage {
  const given = givenValues(about, chart)
  // ztunnel's chart has them at its top, the others below `global` unless they are at the top.
  const of = (key: string) => textAt(given, key) ?? (chart === 'ztunnel' ? undefined : textAt(given, 'global', key))
  return { name: fullName(about, textAt(given, 'image') ?? name, of), on }
}

/** The image that istiod puts into pods: sidecars and waypoints. */
export function istioProxyImage(about: InstallAbout, on: readonly NodePart[]): MeshImage {
  const given = givenValues(about, 'istiod')
  const image = textAt(given, 'global', 'proxy', 'image') ?? 'proxyv2'
  return { name: fullName(about, image, (key) => textAt(given, 'global', key)), on }
}

function fullName(about: InstallAbout, image: string, of: (key: string) => string | undefined): string {
  if (image.includes('/')) return image
  const { vendor } = about
  const variant = of('variant') ?? vendor.variant
  return `${of('hub') ?? vendor.hub}/${image}:${of('tag') ?? imageTag(about)}${variant ? `-${variant}` : ''}`
}

/** As the injector's own values name it. */
export function istioInjected(objects: readonly KubernetesObject[]): string[] {
  return objects.flatMap(({ kind, metadata, data }) => {
    if (kind !== 'ConfigMap' || !metadata.name.startsWith('istio-sidecar-injector')) return []
    const { global } = JSON.parse(String((data as Values)['values'])) as Values
    const at = (...path: string[]) => textAt({ global }, 'global', ...path)
    const image = at('proxy', 'image') ?? 'proxyv2'
    const variant = at('variant')
    return [image.includes('/') ? image : `${at('hub')}/${image}:${at('tag')}${variant ? `-${variant}` : ''}`]
  })
}

export function istioReadiness(kind: Readiness['kind'], name: string): Readiness {
  return { kind, namespace: ISTIO_NAMESPACE, name }
}

/** Where Istio's charts look for images. */
export function istioImages({ vendor, version }: InstallAbout): Values {
  return { hub: vendor.hub, tag: vendor.tag ?? version, variant: vendor.variant ?? '' }
}

function istiodValues(about: InstallAbout): Values {
  return mergeValues(
    {
      ...ON_CONTROL_NODE,
      global: istioImages(about),
      // One control plane throughout: what scales while it is measured is measured differently from block to block.
      autoscaleEnabled: false,
      // Shipped are 500m and 2 GiB, which small hosts do not have; a request is no limit.
      resources: { requests: { cpu: '100m', memory: '256Mi' } },
    },
    { meshConfig: meshConfig(about) },
  )
}

/** Only what is not as shipped is written, so that `defaults` is what Istio ships and not what we think it is. */
function meshConfig({ settings }: InstallAbout): Values {
  return {
    ...(settings['tracing'] === false && { enableTracing: false }),
    ...(settings['retries'] !== undefined &&
      settings['retries'] !== SHIPPED_RETRIES && { defaultHttpRetryPolicy: { attempts: settings['retries'] } }),
    ...(settings[PROVIDERS_SETTING] === true && { extensionProviders }),
  }
}

/** istiod adds them to those that it has of itself. */
const extensionProviders = [
  {
    name: PROBE_PROVIDERS.authorization.name,
    envoyExtAuthzHttp: {
      service: PROBE_PROVIDERS.host,
      port: PROBE_PROVIDERS.authorization.port,
      pathPrefix: PROBE_PROVIDERS.authorization.prefix,
    },
  },
  {
    name: PROBE_PROVIDERS.spans.name,
    opentelemetry: {
      service: PROBE_PROVIDERS.host,
      port: PROBE_PROVIDERS.spans.port,
      http: { path: PROBE_PROVIDERS.spans.path, timeout: '5s' },
    },
  },
]

/** Requests of Istio's Envoys are as shipped: they count only where a node's CPU is short. */
export function envoyResources({ settings }: InstallAbout) {
  return resourcesFor(settings, { cpu: '100m', memory: 128 })
}

/** Refuses, in the workload's namespace, what does not come under mutual TLS; Istio ships no such policy. */
export function strictMtls({ settings, namespace }: InstallAbout): readonly KubernetesObject[] {
  if (settings['strict'] !== true) return []
  return [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'strict', namespace },
      spec: { mtls: { mode: 'STRICT' } },
    },
  ]
}

/**
 * Counters that Istio's Envoys leave out unless asked: connections with and without TLS, requests, retries, connections to the server. In both
 * profiles, since they prove what was measured, with or without Istio's own telemetry. No backslashes: the text passes
 * through JSON, YAML and a template.
 */
const COUNTERS = [
  '^http[.](inbound|outbound)_.*[.]downstream_(rq_total|cx_total|cx_active|cx_ssl_total|cx_ssl_active)$',
  '^tcp[.](inbound|inbound-vip|outbound)[|].*[.]downstream_cx_(total|tx_bytes_total)$',
  '^listener[.].*_15006[.](downstream_cx_total|ssl[.](handshake|versions[.].*|ciphers[.].*|curves[.].*))$',
  '^cluster[.]outbound[|].*[.]upstream_(rq_retry|cx_(active|http1_total|http2_total|rx_bytes_total))$',
] as const

/** What each Envoy is told at its start. Without a number of threads it has as many as its CPU limit: 2, as shipped. */
export function proxyConfig(
  { settings }: InstallAbout,
  proxyMetadata?: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const concurrency = Number(settings['concurrency'] ?? 0)
  const config = {
    ...(concurrency > 0 && { concurrency }),
    ...(proxyMetadata && { proxyMetadata }),
    proxyStatsMatcher: { inclusionRegexps: COUNTERS },
  }
  return { 'proxy.istio.io/config': JSON.stringify(config) }
}
