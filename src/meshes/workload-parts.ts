import {
  type Band,
  type ComponentRule,
  type InstallAbout,
  type KubernetesMesh,
  NODE_PARTS,
  type PodFact,
  type Published,
  type Scrape,
} from '../model/mesh.ts'
import { TOOLS } from '../model/traits.ts'

/** Where the workload lives, in a cluster of its own. */
export const WORKLOAD_NAMESPACE = 'bench'

/** What tells the two pods of the workload apart. */
export const CLIENT = { app: 'client' } as const
export const SERVER = { app: 'server' } as const

/** What is not taken for another tenant's: Kubernetes itself. */
export const SYSTEM_NAMESPACE = 'kube-system'

/** Where images are needed: where a control plane runs, where the workload does, its server, and everywhere. */
export const ON = { control: ['control'], workload: ['client', 'server'], server: ['server'], all: NODE_PARTS } as const

/** Nodes that a mesh's control plane is kept to, so that it shares none with what is measured. */
export const ON_CONTROL_NODE = {
  nodeSelector: { 'meshbench.io/part': 'control' },
  tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
} as const

/** What every arm runs: the server, the load generator, and the container that hands its files over. */
export const workloadComponents: readonly ComponentRule[] = [
  { component: 'application', role: 'application', labels: SERVER, container: 'server' },
  ...TOOLS.map((container): ComponentRule => {
    return { component: 'generator', role: 'generator', labels: CLIENT, container }
  }),
  { component: 'files', role: 'generator', labels: CLIENT, container: 'files' },
]

/** Of the workload's own pods: any other is what a mesh put there. */
export const WORKLOAD_CONTAINERS: ReadonlySet<string> = new Set(
  workloadComponents.flatMap(({ container }) => container ?? []),
)

/** A proxy of the same name beside client and server. */
export function sidecarComponents(container: string): readonly ComponentRule[] {
  return [
    { component: 'client-proxy', role: 'client-proxy', labels: CLIENT, container },
    { component: 'server-proxy', role: 'server-proxy', labels: SERVER, container },
  ]
}

/** Metrics of a proxy beside client and server. */
export function sidecarScrapes(port: number, path: string): readonly Scrape[] {
  return [
    { name: 'client-proxy', labels: CLIENT, port, path },
    { name: 'server-proxy', labels: SERVER, port, path },
  ]
}

/** Published cores and memory of a proxy beside client and server. */
export function publishedSidecars(cores: Band, memory: Band): Published['proxies'] {
  return (['client-proxy', 'server-proxy'] as const).map((role) => ({ role, traversals: 1, cores, memory }))
}

export function mebibytes(lo: number, hi: number): Band {
  return { lo: lo * 1024 ** 2, hi: hi * 1024 ** 2 }
}

/** The workload's own pods, without what a mesh put beside them. */
export function workloadPods(pods: readonly PodFact[], namespace: string): PodFact[] {
  const apps: readonly (string | undefined)[] = [CLIENT.app, SERVER.app]
  return pods.filter((pod) => pod.namespace === namespace && apps.includes(pod.labels['app']))
}

/** Something whose namespace is known. */
export type Placed<Of extends { readonly namespace?: string }> = Of & { readonly namespace: string }

/** The components of a mesh, for a workload in this namespace. */
export function componentsOf(
  { components }: Pick<KubernetesMesh, 'components'>,
  { namespace }: Pick<InstallAbout, 'namespace'>,
): Placed<ComponentRule>[] {
  return components.map((rule) => ({ namespace, ...rule }))
}

/** What is scraped, for a workload in this namespace. */
export function scrapesOf(
  { scrapes }: Pick<KubernetesMesh, 'scrapes'>,
  { namespace }: Pick<InstallAbout, 'namespace'>,
): Placed<Scrape>[] {
  return scrapes.map((scrape) => ({ namespace, ...scrape }))
}
