import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { stamped } from '../../../kubernetes/stamp.ts'
import { loads as tools } from '../../../loads/index.ts'
import type { Enrolment, KubernetesObject } from '../../../model/mesh.ts'
import type { Arm, Load, LoadToolName } from '../../../model/scenario.ts'
import type { SiteImages } from '../../../model/site.ts'
import { nodeImage } from '../cluster/node-image.ts'
import { LANES, lanesOf } from './lanes.ts'
import { serverNames } from './pods.ts'

const FILE = new URL('../../../../manifests/workload.yaml', import.meta.url)

export interface WorkloadAbout {
  readonly arm: Arm
  readonly loads: readonly Load[]
  readonly images: SiteImages
  readonly enrolment: Enrolment
  readonly run: string
}

/** What stands for as long as the cluster does, and what is made anew at every visit. */
export interface Workload {
  readonly lasting: readonly KubernetesObject[]
  readonly pods: readonly KubernetesObject[]
}

/** `manifests/workload.yaml` for one arm. */
export function workloadFor(about: WorkloadAbout): Workload {
  const objects = documents().map((object) => stamped(object, about.run))
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
        return (name === 'server' ? serverNames(about.arm) : [name]).map((each) => filledIn(pod, each, about))
      }),
  }
}

function documents(): KubernetesObject[] {
  return parseAllDocuments(readFileSync(FILE, 'utf8')).map((document) => document.toJS() as KubernetesObject)
}

function enrolled(namespace: KubernetesObject, { labels, annotations }: Enrolment): KubernetesObject {
  const { metadata } = namespace
  return {
    ...namespace,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  }
}

/** Only ports that a load uses: two protocols at one port of the server would be a riddle to a mesh. */
function withPorts(service: KubernetesObject, loads: readonly Load[]): KubernetesObject {
  const names = lanesOf(loads).map((lane) => LANES[lane].port)
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
  readonly resources?: { readonly requests: { readonly cpu: string } }
}

function filledIn(pod: KubernetesObject, name: string, about: WorkloadAbout): KubernetesObject {
  const { arm, images, enrolment } = about
  const spec = pod['spec'] as PodSpec
  const wanted = wantedContainers(about.loads)
  const withImage = (container: ContainerSpec) => ({
    ...container,
    image: nodeImage(images[container.image]),
    ...environmentOf(container),
  })
  const together = arm.placement === 'same-node' && name === 'client'
  const { initContainers = [] } = spec
  return {
    ...pod,
    metadata: { ...pod.metadata, name, annotations: { ...pod.metadata.annotations, ...enrolment.podAnnotations } },
    spec: {
      ...spec,
      ...(together ? { nodeSelector: { 'meshbench.io/part': 'server' } } : {}),
      containers: spec.containers
        .filter(({ name }) => wanted.has(name))
        .map((container) => withImage(container.name === 'server' ? delayed(shared(container, arm), arm) : container)),
      initContainers: initContainers.filter(() => wanted.has('k6')).map(withImage),
    },
  }
}

/** What the tool's commands are run with on any platform: an exec gets the environment of its container. */
function environmentOf({ name }: ContainerSpec): { env?: readonly { name: string; value: string }[] } {
  if (!Object.hasOwn(tools, name)) return {}
  const { environment } = tools[name as LoadToolName]
  return { env: Object.entries(environment).map(([name, value]) => ({ name, value })) }
}

/** fortio is always there: it asks the first question. */
function wantedContainers(loads: readonly Load[]): ReadonlySet<string> {
  const k6 = loads.some(({ tool }) => tool === 'k6')
  return new Set(['server', 'fortio', 'files', ...(k6 ? ['k6'] : [])])
}

/** All replicas together ask for what one server does, so that as many fit the node as before. */
function shared(container: ContainerSpec, { replicas = 1 }: Arm): ContainerSpec {
  const { cpu = '0m' } = container.resources?.requests ?? {}
  return { ...container, resources: { requests: { cpu: `${Math.ceil(Number.parseInt(cpu, 10) / replicas)}m` } } }
}

function delayed(container: ContainerSpec, { inject }: Arm): ContainerSpec {
  if (!inject) return container
  const held = `${Math.round(inject.delay * 1e6)}us`
  const more = [`-echo-server-default-params=delay=${held}`, `-max-echo-delay=${held}`]
  return { ...container, args: [...(container.args ?? []), ...more] }
}
