import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { stopwatch } from '../../host/stopwatch.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { stamped } from '../../kubernetes/install/install-mesh.ts'
import { loads as tools } from '../../loads/index.ts'
import { SERVER } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Enrolment, KubernetesObject, Readiness } from '../../model/mesh.ts'
import { type Arm, isOperated, type Load, mostGenerators, PROTOCOLS, type Protocol } from '../../model/scenario.ts'
import type { SiteImages } from '../../model/site.ts'
import { APPLICATION, type LoadToolName } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import { operationsOf } from '../../operations/index.ts'
import { CLIENT, clientJob } from './generators/client-pods.ts'
import { type Application, applicationObjects, readinessOf } from './own-application.ts'

const FILE = new URL('../../../manifests/workload.yaml', import.meta.url)

interface WorkloadAbout {
  readonly arm: Arm
  readonly loads: readonly Load[]
  readonly images: SiteImages
  readonly enrolment: Enrolment
  readonly run: string
  /** Of all its objects. */
  readonly namespace: string
  /** In place of our server. */
  readonly application?: Application | undefined
  /** Nodes that bear load generators, where these are several. */
  readonly clientNodes?: readonly string[]
  /** The name that an image has on the nodes, where it has another. */
  readonly imageOf?: ((name: string) => string) | undefined
}

/** What stands for as long as the cluster does, and what is made anew at every visit. */
interface Workload {
  readonly lasting: readonly KubernetesObject[]
  readonly pods: readonly KubernetesObject[]
}

/** `manifests/workload.yaml` for one arm. */
export function workloadFor(about: WorkloadAbout): Workload {
  const { application, enrolment, imageOf = (name) => name } = about
  const ready = (object: KubernetesObject) => stamped(inNamespace(object, about.namespace), about.run)
  const own = application && applicationObjects(application, { enrolment, imageOf })
  const objects = documents()
    .filter(({ metadata }) => !own || metadata.name !== 'server')
    .map(ready)
  const ours = ourObjects(objects, about)
  if (!own) return ours
  return { lasting: [...ours.lasting, ...own.lasting.map(ready)], pods: [...ours.pods, ...own.running.map(ready)] }
}

function ourObjects(objects: readonly KubernetesObject[], about: WorkloadAbout): Workload {
  return {
    lasting: objects.flatMap((object) => {
      if (object.kind === 'Pod') return []
      if (object.kind === 'Namespace') return [enrolled(object, about.enrolment)]
      return [object.kind === 'Service' ? withPorts(object, about.loads) : object]
    }),
    pods: objects
      .filter(({ kind }) => kind === 'Pod')
      .flatMap((pod) => {
        const { name } = pod.metadata
        if (name === CLIENT) return [clientObject(filledIn(pod, name, about), about)]
        if (about.loads.some(isOperated)) return [deploymentOf(filledIn(pod, name, about), about)]
        return serverNames(about.arm).map((each) => filledIn(pod, each, about))
      }),
  }
}

/**
 * The server as a Deployment. Its pods end as shipped ones do: they are asked to, and have 30 s. Where an operation drains their node,
 * they may go to that of the client.
 */
function deploymentOf({ metadata, ...pod }: KubernetesObject, { arm, loads }: WorkloadAbout): KubernetesObject {
  const { terminationGracePeriodSeconds: _, ...spec } = pod['spec'] as PodSpec & {
    readonly terminationGracePeriodSeconds?: number
  }
  const { name, namespace, labels, annotations } = metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...(namespace !== undefined && { namespace }), ...(labels && { labels }) },
    spec: {
      replicas: arm.replicas ?? 1,
      selector: { matchLabels: SERVER },
      template: {
        metadata: { labels, annotations },
        spec: operationsOf(loads).some(({ movesServer }) => movesServer) ? movable(spec) : spec,
      },
    },
  }
}

const PART = 'meshbench.io/part'

/** The same, wherever in a tree it is bound to the node of the server: it prefers that node, and may stand on the client's. */
export function movable<Tree>(tree: Tree): Tree {
  if (Array.isArray(tree)) return tree.map(movable) as Tree
  if (tree === null || typeof tree !== 'object') return tree
  const entries = Object.entries(tree).map(([key, value]) => [key, movable(value)] as const)
  const all = Object.fromEntries(entries) as { nodeSelector?: Readonly<Record<string, string>> }
  const { nodeSelector, ...rest } = all
  if (nodeSelector?.[PART] !== 'server') return all as Tree
  const on = (...values: string[]) => ({ matchExpressions: [{ key: PART, operator: 'In', values }] })
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [on('server', 'client')] },
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: on('server') }],
  }
  return { ...rest, affinity: { nodeAffinity } } as Tree
}

/** A pod; or a job of pods where several load generators share a load. */
function clientObject(pod: KubernetesObject, { arm, loads, clientNodes = [] }: WorkloadAbout): KubernetesObject {
  const generators = mostGenerators(loads)
  if (generators === 1) return pod
  return clientJob(pod, generators, arm.placement === 'same-node' ? [] : clientNodes)
}

function documents(): KubernetesObject[] {
  return parseAllDocuments(readFileSync(FILE, 'utf8')).map((document) => document.toJS() as KubernetesObject)
}

/** Addresses for tests of networks, which no cluster routes (RFC 2544). */
const UNROUTED = '198.18.0.0'

/**
 * Services that receive no traffic, each with one endpoint that no pod is behind. Written by hand, the endpoints do not change with the pods of
 * a visit: what a mesh has of them is their number.
 */
export function idleServices({ idleServices: count = 0 }: Arm, namespace: string, run: string): KubernetesObject[] {
  const first = UNROUTED.split('.').map(Number)
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((number) => {
    const name = `idle-${number}`
    const address = [first[0], first[1], (number >> 8) & 255, number & 255].join('.')
    const port = { name: 'http', port: 8080 }
    const slice = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'meshbench' }
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: { ports: [{ ...port, appProtocol: 'http' }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name, namespace, labels: slice },
        addressType: 'IPv4',
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
        ports: [{ ...port, protocol: 'TCP' }],
      },
    ].map((object) => stamped(object, run))
  })
}

/** The label of every namespace that meshbench makes: by it, `clean` finds what a run left. */
export const MANAGED = { 'app.kubernetes.io/managed-by': 'meshbench' } as const

function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  const { metadata, kind } = object
  return { ...object, metadata: { ...metadata, ...(kind === 'Namespace' ? { name: namespace } : { namespace }) } }
}

function enrolled(namespace: KubernetesObject, { labels, annotations }: Enrolment): KubernetesObject {
  const { metadata } = namespace
  return {
    ...namespace,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...MANAGED, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  }
}

/** Only ports that a load uses: two protocols at one port of the server would be a riddle to a mesh. */
function withPorts(service: KubernetesObject, loads: readonly Load[]): KubernetesObject {
  const refused = operationsOf(loads).flatMap(({ refusesPort: protocol }) => (protocol ? { protocol } : []))
  const names = endpointsOf([...loads, ...refused]).map((endpoint) => ENDPOINTS[endpoint].port)
  const spec = service['spec'] as { readonly ports: readonly { readonly port: number }[] }
  return { ...service, spec: { ...spec, ports: spec.ports.filter(({ port }) => names.includes(port)) } }
}

interface PodSpec {
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly containers: readonly ContainerSpec[]
  readonly initContainers?: readonly ContainerSpec[]
}

interface ContainerSpec {
  readonly name: string
  readonly image: keyof SiteImages
  readonly args?: readonly string[]
  readonly resources?: { readonly requests: { readonly cpu: string; readonly memory: string } }
}

function filledIn(pod: KubernetesObject, name: string, about: WorkloadAbout): KubernetesObject {
  const { arm, images, enrolment } = about
  const spec = pod['spec'] as PodSpec
  const wanted = wantedContainers(about.loads)
  const withImage = (container: ContainerSpec) => ({
    ...container,
    image: images[container.image],
    ...environmentOf(container),
  })
  const together = arm.placement === 'same-node' && name === 'client'
  const { initContainers = [] } = spec
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      labels: { ...pod.metadata.labels, ...(name === 'client' && enrolment.clientLabels) },
      annotations: { ...pod.metadata.annotations, ...enrolment.podAnnotations },
    },
    spec: {
      ...spec,
      ...(together ? { nodeSelector: { 'meshbench.io/part': 'server' } } : {}),
      containers: spec.containers
        .filter(({ name }) => wanted.has(name))
        .map((container) => withImage(container.name === 'server' ? delayed(shared(container, arm), arm) : container)),
      initContainers: initContainers.filter(({ name }) => wanted.has(toolOf(name))).map(withImage),
    },
  }
}

/** What the tool's commands are run with on any platform: an exec gets the environment of its container. */
function environmentOf({ name }: ContainerSpec): { env?: readonly { name: string; value: string }[] } {
  if (!Object.hasOwn(tools, name)) return {}
  const { environment } = tools[name as LoadToolName]
  return { env: Object.entries(environment).map(([name, value]) => ({ name, value })) }
}

/** `k6-idle-script` prepares what the container `k6` needs. */
function toolOf(initContainer: string): string {
  return initContainer.split('-')[0] ?? initContainer
}

function wantedContainers(loads: readonly Load[]): ReadonlySet<string> {
  return new Set(['server', APPLICATION, 'files', ...loads.map(({ tool }) => tool)])
}

/** All replicas together ask for what one server does, so that as many fit the node as before. */
function shared(container: ContainerSpec, { replicas = 1 }: Arm): ContainerSpec {
  const { resources } = container
  if (!resources) return container
  const { cpu, memory } = resources.requests
  return {
    ...container,
    resources: { requests: { cpu: `${Math.ceil(Number.parseInt(cpu, 10) / replicas)}m`, memory } },
  }
}

function delayed(container: ContainerSpec, { inject }: Arm): ContainerSpec {
  if (!inject) return container
  const held = `${Math.round(inject.delay * 1e6)}us`
  const more = [`-echo-server-default-params=delay=${held}`, `-max-echo-delay=${held}`]
  return { ...container, args: [...(container.args ?? []), ...more] }
}

/** Pods of the server. Replicas are pods like the first, so that nothing but a visit decides when they are made and removed. */
function serverNames({ replicas = 1 }: Pick<Arm, 'replicas'>): string[] {
  return Array.from({ length: replicas }, (_, index) => (index === 0 ? 'server' : `server-${index + 1}`))
}

/** The workload of an arm, each of which must be ready. */
export function podsOf(
  arm: Pick<Arm, 'replicas'>,
  namespace: string,
  application?: Application,
  generators = 1,
  operated = false,
): Readiness[] {
  const pod = (name: string) => ({ kind: 'Pod', namespace, name }) as const
  const client = { kind: generators > 1 ? 'Job' : 'Pod', namespace, name: CLIENT } as const
  if (application) return [client, ...readinessOf(application, namespace)]
  if (operated) return [client, { kind: 'Deployment', namespace, name: SERVER.app }]
  return [client, ...serverNames(arm).map(pod)]
}

/** Client and server, made anew: what a visit measures has nothing of the visit before. Returns the seconds since they were asked for. */
export async function makePods(
  cluster: Cluster,
  pods: readonly KubernetesObject[],
  of: WorkloadOf,
  signal: AbortSignal,
): Promise<() => Seconds> {
  await removePods(cluster, of, signal)
  const since = stopwatch()
  await cluster.apply(pods, signal)
  return since
}

/** Whose workload it is. */
interface WorkloadOf {
  readonly arm: Pick<Arm, 'replicas'>
  readonly about: { readonly namespace: string }
  readonly application?: Application | undefined
  /** Load generators of the load that has most of them; one when absent. */
  readonly generators?: number
  /** Whether the server is a Deployment: see `isOperated`. */
  readonly operated?: boolean
}

export async function removePods(
  cluster: Cluster,
  { arm, about: { namespace }, application, generators = 1, operated = false }: WorkloadOf,
  signal: AbortSignal,
): Promise<void> {
  const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } })
  const own = application?.running.map(({ object: { apiVersion, kind, metadata } }) => ({
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace },
  }))
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: CLIENT, namespace } }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: SERVER.app, namespace } }
  const servers = own ?? (operated ? [deployment] : serverNames(arm).map(pod))
  await cluster.remove([generators > 1 ? job : pod(CLIENT), ...servers], signal)
}

/** The port of the service for each protocol, how a load generator is told of it, and how fortio asks one question there. */
export const ENDPOINTS: Readonly<Record<Protocol, { readonly port: number; readonly ask: readonly string[] }>> = {
  http: { port: 8080, ask: [] },
  http2: { port: 8081, ask: ['-h2'] },
  grpc: { port: 8079, ask: ['-grpc', '-ping'] },
  tcp: { port: 8078, ask: [] },
}

/** Protocols that the loads use, each once. */
export function endpointsOf(loads: readonly Pick<Load, 'protocol'>[]): Protocol[] {
  return PROTOCOLS.filter((protocol) => loads.some((load) => load.protocol === protocol))
}

export function targetOf(protocol: Protocol, namespace: string): string {
  const host = `server.${namespace}.svc.cluster.local`
  const { port } = ENDPOINTS[protocol]
  if (protocol === 'grpc') return `${host}:${port}`
  return protocol === 'tcp' ? `tcp://${host}:${port}` : `http://${host}:${port}/`
}

/** What an arm cannot do is said before any load is put on it. */
export function refuseEndpoint(
  { name, protocol }: Load,
  arm: { name: string; mesh: string; carries: readonly Protocol[] },
) {
  if (arm.carries.includes(protocol)) return
  throw new Failure('unsupported', `${arm.mesh} does not carry ${protocol}`, {
    remedy: `Remove load ${name} or arm ${arm.name}; ${arm.mesh} carries ${arm.carries.join(', ')}.`,
  })
}
