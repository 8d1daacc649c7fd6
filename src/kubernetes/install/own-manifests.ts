import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject, Values } from '../../model/mesh.ts'
import type { ManifestsWorkload } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import { type Helm, helmArgv, runHelm } from './helm.ts'
import { parseManifests, readManifests } from './manifests.ts'

/** Where the files of an application are; absolute paths. */
export interface OwnFiles {
  readonly manifests: string
  readonly values?: string
}

/** An application of the user's, as its manifests have it. */
export interface OwnManifests {
  /** What stands for as long as the arm does. */
  readonly lasting: readonly KubernetesObject[]
  /** What runs pods, made anew at every visit. */
  readonly running: readonly RunningObject[]
  readonly images: readonly string[]
}

/** An object that runs pods. */
export interface RunningObject {
  readonly object: KubernetesObject
  /** Its pods have these labels. */
  readonly labels: Readonly<Record<string, string>>
  /** Names of the containers that its pods have by themselves. */
  readonly containers: readonly string[]
  /** Whether the Service at the entrance selects its pods. */
  readonly isEntrance: boolean
}

export async function isChart({ manifests }: OwnFiles): Promise<boolean> {
  if (manifests.endsWith('.tgz')) return true
  return await stat(join(manifests, 'Chart.yaml')).then(
    (found) => found.isFile(),
    () => false,
  )
}

/** Reads manifests, or renders a chart, for which helm has to be given; a Failure where something cannot be measured as it stands. */
export async function ownManifests(
  { manifests, values }: OwnFiles,
  { entrance }: Pick<ManifestsWorkload, 'entrance'>,
  namespace: string,
  helm: Helm | undefined,
  signal: AbortSignal,
): Promise<OwnManifests> {
  const chart = await isChart({ manifests })
  if (!chart && values !== undefined) {
    throw refusal(
      `${manifests} is no Helm chart, and has no values`,
      'Remove workload.values, or name the folder of a chart.',
    )
  }
  const objects = chart
    ? await rendered({ manifests, ...(values !== undefined && { values }) }, namespace, helm, signal)
    : await readManifests(manifests, signal).catch(otherRemedy)
  return vetted(objects, entrance, namespace)
}

/** Its own remedy is about site files. */
function otherRemedy(error: unknown): never {
  const failure = Failure.from(error)
  throw new Failure('manifests', failure.message, {
    ...(failure.why !== undefined && { cause: failure.why }),
    remedy: 'Correct workload.manifests: a path relative to the scenario file, with YAML or JSON of Kubernetes.',
  })
}

const RELEASE = 'application'

async function rendered(
  { manifests, values }: OwnFiles,
  namespace: string,
  helm: Helm | undefined,
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  if (!helm) throw new TypeError('a chart is rendered with helm')
  const given = values === undefined ? {} : ((parse(await readFile(values, 'utf8')) ?? {}) as Values)
  try {
    const text = await runHelm(
      helm,
      helmArgv.template({ release: RELEASE, namespace }, manifests, undefined),
      signal,
      given,
    )
    return parseManifests(text, `what the chart ${manifests} makes`)
  } catch (error) {
    signal.throwIfAborted()
    throw new Failure('manifests', `the chart ${manifests} cannot be rendered`, {
      cause: error,
      remedy: 'Check it with `helm template`; its dependencies must be in its folder charts.',
    })
  }
}

const LASTING = [
  'Service',
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'NetworkPolicy',
  'PodDisruptionBudget',
]
const RUNNING = ['Deployment', 'StatefulSet', 'Pod', 'Job']
/** What is refused although it belongs to a namespace, with the reason and what to do. */
const UNFIT: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  Namespace: ['meshbench puts the application into a namespace of its own', 'Remove it.'],
  DaemonSet: ['it would run on every node, that of the load generator included', 'Make it a Deployment.'],
  CronJob: ['it would start work while a load is measured', 'Remove it.'],
  HorizontalPodAutoscaler: ['the number of pods would change while a load is measured', 'Set replicas instead.'],
  PersistentVolumeClaim: ['what it holds would outlive a visit, and visits begin alike', 'Use an emptyDir.'],
  Ingress: ['load is sent within the cluster, to the Service at the entrance', 'Remove it.'],
}

/** Of Helm: what is run by itself before, after or in place of an installation. */
const HOOK = 'helm.sh/hook'

function vetted(
  all: readonly KubernetesObject[],
  entrance: ManifestsWorkload['entrance'],
  namespace: string,
): OwnManifests {
  const objects = all.filter(({ metadata }) => !/^test/.test(metadata.annotations?.[HOOK] ?? ''))
  for (const object of objects) refuseObject(object, namespace)
  const service = serviceOf(objects, entrance)
  const running = objects.filter(({ kind }) => RUNNING.includes(kind)).map((object) => runningObject(object, service))
  if (!running.some(({ isEntrance }) => isEntrance)) {
    throw refusal(
      `the Service ${entrance.service} selects no pod of the manifests`,
      'Name the Service that requests are to be sent to, or correct its selector.',
    )
  }
  return {
    lasting: objects.filter(({ kind }) => LASTING.includes(kind)),
    running,
    images: [...new Set(running.flatMap(({ object }) => imagesIn(object)))],
  }
}

function refuseObject(object: KubernetesObject, namespace: string): void {
  const { kind, metadata } = object
  const title = `${kind} ${metadata.name}`
  const [why, remedy] = UNFIT[kind] ?? []
  if (why !== undefined && remedy !== undefined)
    throw refusal(`${title} cannot be part of a measured application`, remedy, why)
  if (![...LASTING, ...RUNNING].includes(kind)) {
    throw refusal(
      `${title} cannot be part of a measured application`,
      'Remove it, or install it in every arm by other means: a cluster that is shared must be left as it was.',
      `its kind is cluster-wide, or none that meshbench knows how to make and remove: ${list([...RUNNING, ...LASTING])}`,
    )
  }
  if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw refusal(
      `${title} leaves its namespace`,
      'Remove metadata.namespace, and use short names of Services (`http://cart:80`).',
      `it names the namespace ${metadata.namespace}; meshbench puts the application into one of its own`,
    )
  }
  if (metadata.annotations?.[HOOK] !== undefined) {
    throw refusal(
      `${title} is a hook of Helm`,
      'Disable it in the values, or make it a plain object.',
      'only helm itself runs hooks',
    )
  }
  if ((kind === 'Pod' || kind === 'ServiceAccount') && metadata.name === 'client') {
    throw refusal(`${title} has the name of the load generator`, 'Give it another name.')
  }
  const { type } = (object['spec'] ?? {}) as { type?: string }
  if (kind === 'Service' && type !== undefined && type !== 'ClusterIP') {
    throw refusal(`${title} leaves its namespace`, 'Make it a ClusterIP.', `it is of type ${type}`)
  }
  if (RUNNING.includes(kind)) refusePods(title, object)
}

/** Pods that would not be in the mesh, would reach into the node, or would keep what a visit has left. */
function refusePods(title: string, object: KubernetesObject): void {
  const { volumeClaimTemplates } = (object['spec'] ?? {}) as { volumeClaimTemplates?: unknown[] }
  if (volumeClaimTemplates?.length)
    throw refusal(`${title} claims volumes`, 'Use an emptyDir.', UNFIT['PersistentVolumeClaim']?.[0])
  const spec = podSpecOf(object)
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).find((key) => spec[key] === true)
  if (shared !== undefined)
    throw refusal(
      `${title} leaves its namespace`,
      'Remove it.',
      `${shared} gives its pods what is the node's, past any mesh`,
    )
  if (spec.volumes?.some((volume) => volume.hostPath !== undefined)) {
    throw refusal(`${title} leaves its namespace`, 'Use an emptyDir or a ConfigMap.', 'it mounts a path of the node')
  }
  if (containersOf(spec).some(({ ports = [] }) => ports.some(({ hostPort }) => hostPort !== undefined))) {
    throw refusal(`${title} leaves its namespace`, 'Remove hostPort.', 'it opens a port of the node')
  }
  if (containersOf(spec).some(({ image }) => !image))
    throw refusal(`${title} has a container without an image`, 'Name its image.')
}

function serviceOf(
  objects: readonly KubernetesObject[],
  { service, port }: ManifestsWorkload['entrance'],
): KubernetesObject {
  const all = objects.filter(({ kind }) => kind === 'Service')
  const found = all.find(({ metadata }) => metadata.name === service)
  const names = list(all.map(({ metadata }) => metadata.name)) || 'none'
  if (!found)
    throw refusal(
      `the manifests have no Service ${service}, which is the entrance`,
      `Name one of them in workload.entrance.service: ${names}.`,
    )
  const { ports = [] } = (found['spec'] ?? {}) as { ports?: { port: number }[] }
  if (ports.some((one) => one.port === port)) return found
  throw refusal(
    `the Service ${service} has no port ${port}`,
    `Name one of its ports in workload.entrance.port: ${list(ports.map((one) => String(one.port))) || 'it has none'}.`,
  )
}

function runningObject(object: KubernetesObject, service: KubernetesObject): RunningObject {
  const { selector } = (service['spec'] ?? {}) as { selector?: Record<string, string> }
  const labels = templateOf(object).metadata?.labels ?? {}
  const wanted = Object.entries(selector ?? {})
  return {
    object,
    labels,
    containers: containersOf(podSpecOf(object)).map(({ name }) => name),
    isEntrance: wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value),
  }
}

interface PodTemplate {
  readonly metadata?: KubernetesObject['metadata']
  readonly spec?: PodSpec
}

interface PodSpec {
  readonly containers?: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly { readonly hostPath?: unknown }[]
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly affinity?: unknown
  readonly [key: string]: unknown
}

interface Container {
  readonly name: string
  readonly image?: string
  readonly ports?: readonly { readonly hostPort?: number }[]
}

/** Of a Pod, the pod itself. */
function templateOf(object: KubernetesObject): PodTemplate {
  if (object.kind === 'Pod') return object as PodTemplate
  const { template } = (object['spec'] ?? {}) as { template?: PodTemplate }
  return template ?? {}
}

function podSpecOf(object: KubernetesObject): PodSpec {
  return templateOf(object).spec ?? {}
}

function containersOf({ containers = [], initContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers]
}

function imagesIn(object: KubernetesObject): string[] {
  return containersOf(podSpecOf(object)).flatMap(({ image }) => image ?? [])
}

/** What is changed in the pods of an application so that they are measured as ours are. */
export interface Fitting {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly nodeSelector: Readonly<Record<string, string>>
  /** The name that an image has on the nodes. */
  image(name: string): string
}

/** The object with pods on the node of the server, with images that are there, and no time to end. */
export function fitted(
  object: KubernetesObject,
  { labels, annotations, nodeSelector, image }: Fitting,
): KubernetesObject {
  const template = templateOf(object)
  const { affinity: _, topologySpreadConstraints: __, nodeName: ___, ...spec } = podSpecOf(object)
  const withImage = (container: Container) => ({
    ...container,
    image: image(container.image ?? ''),
    // The images are brought into the nodes before.
    imagePullPolicy: 'IfNotPresent',
  })
  const pod = {
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...labels },
      annotations: { ...template.metadata?.annotations, ...annotations },
    },
    spec: {
      ...spec,
      nodeSelector,
      terminationGracePeriodSeconds: 0,
      containers: (spec.containers ?? []).map(withImage),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withImage) }),
    },
  }
  if (object.kind === 'Pod') return { ...object, ...pod, metadata: { ...pod.metadata, name: object.metadata.name } }
  return { ...object, spec: { ...(object['spec'] as object), template: { ...template, ...pod } } }
}

function refusal(message: string, remedy: string, cause?: string): Failure {
  return new Failure('manifests', message, { ...(cause !== undefined && { cause }), remedy })
}
