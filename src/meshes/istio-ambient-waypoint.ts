import type { InstallAbout, KubernetesMesh, KubernetesObject, Mesh, Values } from '../model/mesh.ts'
import { inspectProxies } from './inspect-proxies.ts'
import {
  ambientComponents,
  ambientImages,
  ambientLabels,
  ambientSettings,
  entranceLabels,
  installAmbient,
  ztunnelScrape,
} from './istio-ambient.ts'
import { istioGateway } from './istio-gateway.ts'
import {
  envoyResources,
  envoySettings,
  istioCommon,
  istioInjected,
  istioProxyImage,
  proxyConfig,
  revisionLabel,
  strictMtls,
} from './istio-parts.ts'
import { proveWaypoint, proveWaypointBehind } from './prove-istio.ts'
import { mebibytes, ON } from './workload-parts.ts'

const NAME = 'waypoint'
const POD = { 'gateway.networking.k8s.io/gateway-name': NAME } as const

const components = [{ component: 'waypoint', role: 'waypoint', labels: POD }, ...ambientComponents] as const

const kubernetes: KubernetesMesh = {
  ...istioCommon,
  routes: {},
  // Definitions first: istiod makes the class of waypoints when it starts.
  install: (about) => [
    { do: 'gateway-api' },
    ...installAmbient(about, { global: { waypoint: waypointValues(about) } }),
  ],
  images: (about) => [...ambientImages(about), istioProxyImage(about, ON.server)],
  injectedImages: istioInjected,
  enrol: (about) => ({
    labels: { ...ambientLabels, 'istio.io/use-waypoint': NAME },
    entranceLabels,
    objects: [...strictMtls(about), waypoint(about)],
    // A Gateway is Programmed as soon as it has an address, which is before its pod answers.
    until: [
      { kind: 'Gateway', namespace: about.namespace, name: NAME },
      { kind: 'Deployment', namespace: about.namespace, name: NAME },
    ],
  }),
  components,
  scrapes: [ztunnelScrape, { name: 'waypoint', labels: POD, port: 15090, path: '/stats/prometheus' }],
  inspect: (pods, about) =>
    inspectProxies(pods, about, {
      components,
      layer: 'L7',
      enrolled: 'ambient',
      configured: ['retries', 'accessLog', 'tracing', 'dnsCapture', 'strict'],
    }),
  prove: proveWaypoint,
}

export const istioAmbientWaypoint: Mesh = {
  name: 'istio-ambient-waypoint',
  title: 'Istio ambient with waypoint (L7)',
  summary: 'As istio-ambient, with an Envoy between the ztunnels that reads requests; mutual TLS on both legs.',
  layer: 'L7',
  encryption: 'mtls',
  settings: { ...ambientSettings, ...envoySettings },
  // Istio publishes 0.25 cores and 60 MB a waypoint for 1.24 at 1,000/s. Nobody publishes the latency of one Envoy and ambient's
  // tunnels: it lies between that of ambient and that of sidecars.
  published: {
    rank: 2,
    added: { lo: 0.1e-3, hi: 4e-3 },
    proxies: [{ role: 'waypoint', traversals: 1, cores: { lo: 0.25, hi: 0.6 }, memory: mebibytes(40, 160) }],
  },
  kubernetes: {
    ...kubernetes,
    gateway: istioGateway(kubernetes, {
      outside: { 'istio.io/dataplane-mode': 'none' },
      // Unless it is told to, a gateway goes past waypoints.
      labels: { 'istio.io/ingress-use-waypoint': 'true' },
      prove: proveWaypointBehind,
    }),
  },
}

/** On the server's node: where a waypoint would be for the service that it stands before. */
function waypointValues(about: InstallAbout): Values {
  const resources = envoyResources(about)
  return { nodeSelector: { 'meshbench.io/part': 'server' }, ...(resources && { resources }) }
}

/** istiod makes a Deployment of it, and hands the infrastructure's annotations on to its pods. */
function waypoint(about: InstallAbout): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: NAME,
      namespace: about.namespace,
      labels: { 'istio.io/waypoint-for': 'service', ...revisionLabel(about) },
    },
    spec: {
      gatewayClassName: 'istio-waypoint',
      infrastructure: { annotations: proxyConfig(about) },
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  }
}
