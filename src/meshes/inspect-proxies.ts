import type { ComponentRule, ContainerFact, InstallAbout, Layer, NodePart, PodFact } from '../model/mesh.ts'
import { formatNumber, formatSize } from '../model/units.ts'
import { type Evidence, MESH_ROLES, type Role } from '../model/usage.ts'
import { componentsOf, type Placed, WORKLOAD_CONTAINERS, workloadPods } from './workload-parts.ts'

interface ProxyInspection {
  readonly components: readonly ComponentRule[]
  readonly layer: Layer
  /** What an enrolled pod has: a container of that name, or the mark of ambient; absent where nothing marks pods. */
  readonly enrolled?: string
  /** Settings that nothing outside of the mesh's own configuration shows. */
  readonly configured: readonly string[]
}

interface Found {
  readonly component: string
  readonly role: Role
  readonly container: ContainerFact
}

const SOURCE = 'pods'
const PROXIES: ReadonlySet<Role> = new Set(['client-proxy', 'server-proxy', 'node-proxy', 'waypoint'])

/** What the pods themselves show of an arm, and what it was configured to. */
export function inspectProxies(pods: readonly PodFact[], about: InstallAbout, wanted: ProxyInspection): Evidence[] {
  const found = containersOf(pods, componentsOf(wanted, about)).filter(({ role }) => MESH_ROLES.has(role))
  const layer = wanted.layer === 'L7' ? 'requests (L7)' : 'bytes (L4)'
  return [
    enrolledPods(pods, about.namespace, wanted.enrolled),
    { name: 'layer', seen: layer, source: 'configuration' },
    limits(
      found.filter(({ role }) => PROXIES.has(role)),
      about,
    ),
    { name: 'image', seen: images(found) || 'none', source: SOURCE },
    { name: 'version', seen: versionText(about), source: 'configuration' },
    ...wanted.configured.map((name) => ({
      name: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      seen: configured(about.settings[name]),
      source: 'configuration',
    })),
  ]
}

function configured(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return `${value} allowed`
}

/** The containers of each component; one that several rules name is the first's. */
function containersOf(pods: readonly PodFact[], rules: readonly Placed<ComponentRule>[]): Found[] {
  return pods.flatMap((pod) =>
    pod.containers.flatMap((container): Found[] => {
      const rule = rules.find((candidate) => matches(candidate, pod, container))
      return rule ? [{ component: rule.component, role: rule.role, container }] : []
    }),
  )
}

function matches(rule: Placed<ComponentRule>, pod: PodFact, { name }: ContainerFact): boolean {
  if (rule.namespace !== pod.namespace || (rule.container !== undefined && rule.container !== name)) return false
  return Object.entries(rule.labels).every(([label, value]) => pod.labels[label] === value)
}

function limits(found: readonly Found[], { settings }: InstallAbout): Evidence {
  const cpu = Number(settings['cpuLimit'] ?? 0)
  const memory = Number(settings['memoryLimit'] ?? 0) * 1024 ** 2
  const holds = found.every(
    ({ container }) => (cpu === 0 || container.cpuLimit === cpu) && (memory === 0 || container.memoryLimit === memory),
  )
  const seen = distinct(found.map(({ component, container }) => `${component}: ${limitWords(container)}`))
  // Where limits are left as shipped, whatever is seen is right: a fact, and no claim.
  const claim = cpu + memory > 0 && { holds: holds && found.length > 0 }
  return { name: 'limits', ...claim, seen: seen.join(', ') || 'no proxy', source: SOURCE }
}

/** A proxy that stands by itself, in the namespace of the workload. */
interface Standing extends Pick<ComponentRule, 'component' | 'role' | 'labels'> {
  /** Of the evidence. */
  readonly name: string
  /** The node that it is to be on. */
  readonly on: NodePart
}

/** Where such a proxy stands, what it runs and what it may use; elsewhere, or with other limits, it is not what was meant. */
export function standingProxy(
  pods: readonly PodFact[],
  about: InstallAbout,
  { name, component, role, labels, on }: Standing,
): Evidence {
  const rule = { component, role, labels, namespace: about.namespace }
  const standing = pods.filter((pod) => pod.containers.some((container) => matches(rule, pod, container)))
  const found = containersOf(standing, [rule])
  const { holds: limited = true, seen } = limits(found, about)
  const places = distinct(standing.map(({ node }) => `on the ${node} node`))
  const limit = seen.replace(`${component}: `, '')
  return {
    name,
    holds: standing.length > 0 && standing.every(({ node }) => node === on) && limited,
    seen: standing.length === 0 ? `no pod of the ${name}` : `${places.join(', ')}, ${limit}, ${images(found)}`,
    source: SOURCE,
  }
}

function limitWords({ cpuLimit, memoryLimit }: ContainerFact): string {
  const cpu = cpuLimit === undefined ? 'no CPU limit' : `${formatNumber(cpuLimit)} cores`
  const memory = memoryLimit === undefined ? 'no memory limit' : formatSize(memoryLimit)
  return `${cpu} and ${memory}`
}

/** Image and digest, each once with the components that run it. */
function images(found: readonly Found[]): string {
  const users = Map.groupBy(found, ({ container }) => {
    const digest = /sha256:[0-9a-f]+/.exec(container.imageId)?.[0]
    return digest ? `${container.image} (${digest})` : container.image
  })
  return [...users]
    .map(([image, by]) => `${distinct(by.map(({ component }) => component)).join(', ')}: ${image}`)
    .join('; ')
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

/** A site may bring images with a tag of its own, which say what really runs. */
function versionText({ version, vendor: { tag } }: InstallAbout): string {
  return tag === undefined ? version : `${version}, images tagged ${tag}`
}

/**
 * Whether every pod of the workload has the mark of the mesh, and of no other: a webhook that failed open, or a pod that
 * was made too early, would be measured without a mesh under the mesh's name.
 */
export function enrolledPods(pods: readonly PodFact[], namespace: string, mark: string | undefined): Evidence {
  const workload = workloadPods(pods, namespace)
  const wanted = mark ?? 'none'
  const found = workload.map((pod) => ({ pod, marks: marksOf(pod).join(' and ') || 'none' }))
  return {
    name: 'enrolled',
    holds: found.length > 0 && found.every(({ marks }) => marks === wanted),
    seen:
      found.map(({ pod, marks }) => `${pod.tier ?? pod.labels['app']}: ${words(marks)}`).join(', ') ||
      'no pod of the workload',
    source: 'pods',
  }
}

function marksOf(pod: PodFact): string[] {
  const sidecars = pod.containers.map(({ name }) => name).filter((name) => !WORKLOAD_CONTAINERS.has(name))
  return pod.annotations['ambient.istio.io/redirection'] === 'enabled' ? [...sidecars, 'ambient'] : sidecars
}

function words(marks: string): string {
  if (marks === 'none') return 'no proxy'
  return marks === 'ambient' ? 'redirected to ztunnel' : marks
}
