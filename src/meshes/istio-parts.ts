import type {
  Certificates,
  InstallAbout,
  InstallStep,
  KubernetesObject,
  Readiness,
  Setting,
  Values,
} from '../model/mesh.ts'
import type { Vendor } from '../model/site.ts'
import { helmStep } from './helm-step.ts'
import { resourcesFor } from './limits.ts'
import { mergeValues } from './merge-values.ts'
import { ON_CONTROL_NODE } from './workload-parts.ts'

export const ISTIO_NAMESPACE = 'istio-system'

export const istioVendor: Vendor = {
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

/** As Istio ships: istiod's own root lives for ten years. */
export const istioCertificates: Certificates = { what: 'workload certificates of istiod', lifetime: 24 * 3600 }

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
} as const satisfies Record<string, Setting>

type Release = { readonly release: string; readonly chart: string; readonly values: Values }

export function istioRelease(about: InstallAbout, { release, chart, values }: Release): InstallStep {
  const { version } = about
  return helmStep(about, { do: 'helm', release, chart, version, namespace: ISTIO_NAMESPACE, values })
}

/** Istio's definitions and its control plane, with what the site adds to it. */
export function istioControlPlane(about: InstallAbout, values: Values): InstallStep[] {
  return [
    istioRelease(about, { release: 'istio-base', chart: 'base', values: {} }),
    istioRelease(about, { release: 'istiod', chart: 'istiod', values: mergeValues(istiodValues(about), values) }),
    { do: 'wait', until: [istioReadiness('Deployment', 'istiod')] },
    { do: 'site-manifests' },
  ]
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
  }
}

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
  '^cluster[.]outbound[|].*[.]upstream_(rq_retry|cx_(active|http1_total|http2_total))$',
] as const

/** What each Envoy is told at its start. Without a number of threads it has as many as its CPU limit: 2, as shipped. */
export function proxyConfig({ settings }: InstallAbout): Readonly<Record<string, string>> {
  const concurrency = Number(settings['concurrency'] ?? 0)
  const config = {
    ...(concurrency > 0 && { concurrency }),
    proxyStatsMatcher: { inclusionRegexps: COUNTERS },
  }
  return { 'proxy.istio.io/config': JSON.stringify(config) }
}
