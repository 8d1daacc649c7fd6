import type { Backend, InstallAbout, KubernetesMesh, KubernetesObject, MeshGateway, MeshImage } from '../model/mesh.ts'
import { enrolledPods, standingProxy } from './inspect-proxies.ts'
import { envoyResources, istioInjected, istioProxyImage, proxyConfig, revisionLabel } from './istio-parts.ts'
import { CLIENT, ON } from './workload-parts.ts'

const NAME = 'gateway'
const CLASS = 'istio'
/** istiod calls what it makes of a Gateway after it and its class. */
const MADE = `${NAME}-${CLASS}`
const SETTINGS = `${NAME}-settings`
const POD = { 'gateway.networking.k8s.io/gateway-name': NAME } as const
const COMPONENT = { component: 'gateway', role: 'gateway', labels: POD } as const
const GROUP = 'gateway.networking.k8s.io/v1'

/** What differs between Istio's architectures behind its gateway. */
interface Behind {
  /** Labels that keep the load generator's pod out of the mesh. */
  readonly outside: Readonly<Record<string, string>>
  /** Labels of the namespace, besides those of the mesh. */
  readonly labels?: Readonly<Record<string, string>>
  /** What the gateway's Envoy is told at its start. */
  readonly proxyMetadata?: Readonly<Record<string, string>>
  readonly prove: KubernetesMesh['prove']
}

/**
 * Istio's ingress gateway, as istiod makes it of a Gateway of the class `istio` in the namespace of the workload. It is reached by its
 * Service within the cluster: a load balancer before it is the cloud's, and no part of the mesh.
 */
export function istioGateway(mesh: KubernetesMesh, how: Behind): MeshGateway {
  const { outside, labels = {}, prove } = how
  // A gateway reads requests: routes of TCP are experimental in the Gateway API.
  const protocols = mesh.protocols.filter((protocol) => protocol !== 'tcp')
  return {
    service: MADE,
    title: `Istio's gateway (class ${CLASS} of the Gateway API)`,
    protocols,
    behind: (backends) => ({
      ...mesh,
      protocols,
      // Definitions first: istiod makes the class when it starts.
      install: (about) => {
        const steps = mesh.install(about)
        return steps.some((step) => step.do === 'gateway-api') ? steps : [{ do: 'gateway-api' }, ...steps]
      },
      images: (about) => withGateway(mesh.images(about), about),
      injectedImages: istioInjected,
      enrol: (about) => {
        const enrolment = mesh.enrol(about)
        const { namespace } = about
        return {
          ...enrolment,
          labels: { ...enrolment.labels, ...labels },
          clientLabels: outside,
          objects: [
            ...enrolment.objects,
            settings(about),
            gateway(about, backends, how),
            ...backends.map((backend) => route(about, backend)),
          ],
          // A Gateway is Programmed as soon as it has an address, which is before its pod answers.
          until: [
            ...enrolment.until,
            { kind: 'Gateway', namespace, name: NAME },
            { kind: 'Deployment', namespace, name: MADE },
          ],
        }
      },
      components: [COMPONENT, ...mesh.components],
      scrapes: [
        ...mesh.scrapes.filter(({ name }) => name !== 'client-proxy'),
        { name: 'gateway', labels: POD, port: 15090, path: '/stats/prometheus' },
      ],
      inspect: (pods, about) => {
        const isClient = (pod: (typeof pods)[number]) =>
          pod.namespace === about.namespace && pod.labels['app'] === CLIENT.app
        const inside = pods.filter((pod) => !isClient(pod))
        return [
          ...mesh.inspect(inside, about),
          { ...enrolledPods(pods.filter(isClient), about.namespace, undefined), name: 'outside' },
          standingProxy(pods, about, { ...COMPONENT, name: 'gateway', on: 'server' }),
        ]
      },
      prove,
    }),
  }
}

/** The proxies' image on the server's node too, where the gateway stands. */
function withGateway(images: readonly MeshImage[], about: InstallAbout): MeshImage[] {
  const own = istioProxyImage(about, ON.server)
  const isThere = images.some(({ name, on }) => name === own.name && on.includes('server'))
  return isThere ? [...images] : [...images, own]
}

/**
 * On the server's node, so that the load generator's is left to what is outside; with the limits of the other proxies, and as the
 * PodSecurity standard `restricted` requires. istiod merges it into the Deployment that it makes.
 */
function settings(about: InstallAbout): KubernetesObject {
  const resources = envoyResources(about)
  const spec = {
    nodeSelector: { 'meshbench.io/part': 'server' },
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    ...(resources && { containers: [{ name: 'istio-proxy', resources }] }),
  }
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: SETTINGS, namespace: about.namespace },
    data: { deployment: JSON.stringify({ spec: { template: { spec } } }) },
  }
}

function gateway(about: InstallAbout, backends: readonly Backend[], { proxyMetadata }: Behind): KubernetesObject {
  return {
    apiVersion: GROUP,
    kind: 'Gateway',
    metadata: {
      name: NAME,
      namespace: about.namespace,
      labels: revisionLabel(about),
      // Shipped is LoadBalancer, for which a cluster without one has no address.
      annotations: { 'networking.istio.io/service-type': 'ClusterIP' },
    },
    spec: {
      gatewayClassName: CLASS,
      infrastructure: {
        annotations: proxyConfig(about, proxyMetadata),
        parametersRef: { group: '', kind: 'ConfigMap', name: SETTINGS },
      },
      listeners: backends.map(({ at }) => ({ name: listenerName(at), port: at, protocol: 'HTTP' })),
    },
  }
}

function route({ namespace }: InstallAbout, { at, service, port }: Backend): KubernetesObject {
  return {
    apiVersion: GROUP,
    kind: 'HTTPRoute',
    metadata: { name: `${NAME}-${at}`, namespace },
    spec: {
      parentRefs: [{ name: NAME, sectionName: listenerName(at) }],
      rules: [{ backendRefs: [{ name: service, port }] }],
    },
  }
}

function listenerName(at: number): string {
  return `port-${at}`
}
