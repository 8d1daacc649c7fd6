import { strainBetween } from '../../host/strain.ts'
import type { Placed } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { ComponentRule, ContainerFact, NodePart, PodFact } from '../../model/mesh.ts'
import { type Bytes, formatNumber, formatShare, type Seconds } from '../../model/units.ts'
import { CLUSTER_COMPONENT, type Evidence, type Host, type Pressure, type Role, type Usage } from '../../model/usage.ts'
import { partOfKey } from './cluster-arm.ts'
import type { CgroupCounters, CgroupSnapshot, NodeSnapshot, NodeSnapshots } from './node-snapshot.ts'

/** By the key of the node: see `MeasuredNode`. */
type CgroupSnapshots = ReadonlyMap<string, CgroupSnapshot>

/** A component's container at both snapshots; absent where it was not there. */
interface Span {
  readonly member: Member
  readonly before: CgroupCounters | undefined
  readonly after: CgroupCounters | undefined
}

/**
 * What every component used between two snapshots. What no rule names is the node's own, as the difference to the node's total:
 * kubelet, container runtime, Kubernetes' own pods, exec'd commands and their set-up, the two readings themselves.
 * A container that ended within the window takes its last counters with it; its component has `restarts` then.
 *
 * @param isForeign which pods are other tenants': their CPU is no node's own, so that it shows as that of other programs
 */
export function usageBetween(
  before: CgroupSnapshots,
  after: CgroupSnapshots,
  pods: readonly PodFact[],
  rules: readonly Placed<ComponentRule>[],
  isForeign: (pod: PodFact) => boolean = () => false,
): Usage[] {
  const members = membersOf(pods, rules)
  const foreign = new Set(
    pods.filter(isForeign).flatMap(({ containers }) => containers.map(({ id }) => containerIdOf(id))),
  )
  const nodes = pairsOf(before, after).map(({ node, open, close }) => {
    const spans = spansOf(open, close, members)
    return { spans, rest: restOf(node, open, close, spans, foreignOf(open, close, foreign)) }
  })
  const byComponent = Map.groupBy(
    nodes.flatMap(({ spans }) => spans),
    ({ member }) => member.component,
  )
  const rests = Map.groupBy(
    nodes.map(({ rest }) => rest),
    ({ component }) => component,
  )
  return [...[...byComponent.values()].map(componentUsage), ...[...rests.values()].map(together)]
}

/** What is left of several nodes of one part, as if they were one. */
function together(rests: readonly Usage[]): Usage {
  const [first] = rests as [Usage, ...Usage[]]
  if (rests.length === 1) return first
  const error = allOf(rests, ({ cpuError }) => cpuError)
  const threads = allOf(rests, (one) => one.threads)
  return {
    component: first.component,
    role: first.role,
    cpuSeconds: total(rests, ({ cpuSeconds }) => cpuSeconds),
    ...(error === undefined ? {} : { cpuError: error }),
    memoryBytes: total(rests, ({ memoryBytes }) => memoryBytes),
    ...(threads === undefined ? {} : { threads }),
    instances: rests.length,
  }
}

function spansOf(open: CgroupSnapshot, close: CgroupSnapshot, members: ReadonlyMap<string, Member>): Span[] {
  const paths = new Set([...open.cgroups.keys(), ...close.cgroups.keys()])
  return [...paths].flatMap((path) => {
    const member = members.get(containerIdOf(path) ?? '')
    return member ? [{ member, before: open.cgroups.get(path), after: close.cgroups.get(path) }] : []
  })
}

function componentUsage(spans: readonly Span[]): Usage {
  const { component, role } = (spans[0] as Span).member
  const there = spans.filter(({ after }) => after !== undefined)
  const limit = allOf(there, ({ member }) => member.container.cpuLimit)
  const periods = total(spans, (span) => grown(span, 'throttledPeriods'))
  const seconds = total(spans, (span) => grown(span, 'throttledSeconds'))
  const file = allOf(there, ({ after }) => after?.fileBytes)
  const peak = allOf(there, ({ after }) => after?.peakBytes)
  const threads = allOf(there, ({ after }) => after?.tasks)
  const error = allOf(there, ({ after }) => after?.cpuDoubt)
  const pods = new Set(there.map(({ member }) => member.pod)).size
  const started = spans.filter((span) => span.before === undefined).length
  return {
    component,
    role,
    cpuSeconds: total(spans, (span) => grown(span, 'cpuSeconds')),
    ...(error === undefined ? {} : { cpuError: error }),
    memoryBytes: total(there, ({ after }) => after?.memoryBytes ?? 0),
    ...(file === undefined ? {} : { fileBytes: file }),
    ...(peak === undefined ? {} : { peakBytes: peak }),
    ...(threads === undefined ? {} : { threads }),
    ...(limit === undefined && periods === 0 ? {} : { throttledPeriods: periods, throttledSeconds: seconds }),
    ...(limit === undefined ? {} : { cpuLimit: limit }),
    ...strainOf(there),
    restarts: Math.max(started, spans.length - there.length),
    ...(pods > 1 && { instances: pods }),
  }
}

/** What the component's tasks waited for: of the container that waited longest, where it has several. Faults are added up. */
function strainOf(spans: readonly Span[]): Pick<Usage, 'pressure' | 'majorFaults'> {
  const grown = spans.map(({ before, after }) => strainBetween(before ?? {}, after ?? {}))
  const faults = allOf(grown, ({ majorFaults }) => majorFaults)
  const most = grown.flatMap(({ pressure }) => pressure ?? []).toSorted((a, b) => waited(b) - waited(a))[0]
  return { ...(most && { pressure: most }), ...(faults !== undefined && { majorFaults: faults }) }
}

function waited({ cpu, memory, io }: Pressure): number {
  return [cpu, memory, io].reduce((sum, stalled) => sum + (stalled?.some ?? 0), 0)
}

/** What other tenants' containers used. */
function foreignOf(
  open: CgroupSnapshot,
  close: CgroupSnapshot,
  foreign: ReadonlySet<string | undefined>,
): { readonly cpu: Seconds; readonly memory: Bytes } {
  const paths = [...close.cgroups.keys()].filter((path) => {
    const id = containerIdOf(path)
    return id !== undefined && foreign.has(id)
  })
  return {
    cpu: total(paths, (path) => grownIn(path, open, close)),
    memory: total(paths, (path) => close.cgroups.get(path)?.memoryBytes ?? 0),
  }
}

function restOf(
  node: string,
  open: CgroupSnapshot,
  close: CgroupSnapshot,
  spans: readonly Span[],
  foreign: ReturnType<typeof foreignOf>,
): Usage {
  const own = close.total.cpuSeconds - open.total.cpuSeconds - foreign.cpu
  const cpu = own - total(spans, (span) => grown(span, 'cpuSeconds'))
  const memory = close.total.memoryBytes - foreign.memory - total(spans, ({ after }) => after?.memoryBytes ?? 0)
  const { tasks, cpuDoubt } = close.total
  const component = `node-${partOfKey(node)}`
  return {
    component,
    role: component === CLUSTER_COMPONENT ? 'cluster' : 'node',
    cpuSeconds: Math.max(0, cpu),
    ...(cpuDoubt === undefined ? {} : { cpuError: cpuDoubt + total(spans, ({ after }) => after?.cpuDoubt ?? 0) }),
    memoryBytes: Math.max(0, memory),
    ...(tasks === undefined ? {} : { threads: tasks - total(spans, ({ after }) => after?.tasks ?? 0) }),
  }
}

/** What is gone at the closing snapshot has no figure: the node's own then holds it. */
function grown({ before, after }: Span, counter: 'cpuSeconds' | 'throttledPeriods' | 'throttledSeconds'): number {
  return after === undefined ? 0 : Math.max(0, (after[counter] ?? 0) - (before?.[counter] ?? 0))
}

const total = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((sum, item) => sum + of(item), 0)

/** The sum where all have one, and there is one: a sum over some would be taken for the whole. */
function allOf<T>(items: readonly T[], of: (item: T) => number | undefined): number | undefined {
  const values = items.map(of).filter((value) => value !== undefined)
  return values.length === 0 || values.length < items.length ? undefined : total(values, (value) => value)
}

/**
 * The machines of the nodes together. CPU and faults are added up; of clock steps and pressure, the largest counts.
 *
 * @param machines a node of each machine
 */
export function hostBetween(before: NodeSnapshots, after: NodeSnapshots, machines: readonly string[]): Host {
  const hosts = pairsOf(before, after)
    .filter(({ node }) => machines.includes(node))
    .map(({ node, open, close }) => ({ node, host: machineBetween(open, close) }))
  const only = hosts[0]
  if (!only) throw new TypeError('a cluster has a machine')
  if (hosts.length === 1) return only.host
  const all = hosts.map(({ host }) => host)
  const stalled = all.toSorted((a, b) => waited(b.pressure ?? {}) - waited(a.pressure ?? {}))[0]
  const faults = {
    majorFaults: allOf(all, ({ majorFaults }) => majorFaults),
    swappedIn: allOf(all, ({ swappedIn }) => swappedIn),
    swappedOut: allOf(all, ({ swappedOut }) => swappedOut),
  }
  return {
    cores: total(all, ({ cores }) => cores),
    busyCores: total(all, ({ busyCores }) => busyCores),
    stolenCores: total(all, ({ stolenCores = 0 }) => stolenCores),
    clockStep: all.map(({ clockStep = 0 }) => clockStep).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
    ...(stalled?.pressure && { pressure: stalled.pressure }),
    ...Object.fromEntries(Object.entries(faults).filter(([, value]) => value !== undefined)),
    machines: hosts.map(({ node, host: { cores, busyCores, stolenCores = 0 } }) => {
      return { node, cores, busyCores, stolenCores }
    }),
  }
}

/**
 * A whole machine, as any of its nodes sees it: /proc/stat knows no containers. A clock step below what the readings can tell
 * is none.
 */
function machineBetween(open: NodeSnapshot, close: NodeSnapshot): Host {
  const seconds = close.monotonic - open.monotonic
  const step = close.wall - open.wall - seconds
  return {
    cores: close.host.cores,
    busyCores: (close.host.busy - open.host.busy) / seconds,
    stolenCores: (close.host.stolen - open.host.stolen) / seconds,
    clockStep: Math.abs(step) <= open.clockDoubt + close.clockDoubt ? 0 : step,
    ...strainBetween(open.strain, close.strain),
  }
}

/** Every node at both snapshots. A node that is missing at one of them throws: its part of the bill would be missing silently. */
function pairsOf<Snapshot>(
  before: ReadonlyMap<string, Snapshot>,
  after: ReadonlyMap<string, Snapshot>,
): { node: string; open: Snapshot; close: Snapshot }[] {
  return [...new Set([...before.keys(), ...after.keys()])].map((node) => {
    const open = before.get(node)
    const close = after.get(node)
    if (!open || !close)
      throw new Failure('usage-unreadable', `The ${node} node was read at one snapshot of the window only.`)
    return { node, open, close }
  })
}

const SHARE = 0.03
/**
 * CPU of the two readings themselves, which on version 1 run in the root and in no cgroup below it: 14 to 27 ms for a window,
 * measured on two busy cores. In a short window of an idle node that is more than the share above. Anything else that
 * `docker exec` starts in a node within the window runs there too, and is rightly seen as missing.
 */
const READING: Seconds = 0.05

const SOURCE = 'cgroup counters of the nodes at both snapshots'

/**
 * Whether the bill is complete. The node's own part is a difference to the total, so that components always add up to it; what
 * can be wrong is that a counter was not seen, or vanished with its container. So the innermost cgroups of a node (every
 * container, every service) are added up and compared with the counter that the kernel keeps for the whole node; and every
 * container of a component must have been among them.
 */
export function accountBetween(
  before: NodeSnapshots,
  after: NodeSnapshots,
  pods: readonly PodFact[],
  rules: readonly Placed<ComponentRule>[],
): Evidence[] {
  const nodes = pairsOf(before, after).map(({ node, open, close }) => ({ node, ...accountOf(open, close) }))
  const complete = nodes.filter(({ services }) => services)
  const missing = missingOf(before, after, pods, rules)
  const sums = nodes.map(({ node, found, total, services }) =>
    services
      ? `${node} ${formatShare(found / total)} of ${formatNumber(total)} s`
      : `${node} ${formatNumber(found)} s in pods of ${formatNumber(total)} s; its services have no cgroups`,
  )
  const seen = [
    `CPU found in cgroups: ${sums.join(', ')}`,
    ...(missing.length > 0 ? [`without counters: ${missing.join(', ')}`] : []),
  ].join('; ')
  const holds = missing.length === 0 && complete.every(({ adds }) => adds)
  const claim = complete.length > 0 || missing.length > 0
  return [{ name: 'cpu-account', ...(claim ? { holds } : {}), seen, source: SOURCE }]
}

function accountOf(open: NodeSnapshot, close: NodeSnapshot) {
  const paths = [...new Set([...open.cgroups.keys(), ...close.cgroups.keys()])]
  const parents = new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))
  const used = paths.filter((path) => !parents.has(path)).map((path) => ({ path, seconds: grownIn(path, open, close) }))
  const found = used.reduce((sum, { seconds }) => sum + seconds, 0)
  const total = close.total.cpuSeconds - open.total.cpuSeconds
  return {
    found,
    total,
    adds: Math.abs(total - found) <= Math.max(SHARE * total, READING),
    /** Without cgroups of services, all of them are in the root, and there is nothing to add up. */
    services: used.some(({ path, seconds }) => containerIdOf(path) === undefined && seconds > 0),
  }
}

function grownIn(path: string, open: CgroupSnapshot, close: CgroupSnapshot): Seconds {
  const end = close.cgroups.get(path)?.cpuSeconds
  return end === undefined ? 0 : end - (open.cgroups.get(path)?.cpuSeconds ?? 0)
}

/** Containers of components, in words, that have counters at neither end of a window. */
export function missingOf(
  before: CgroupSnapshots,
  after: CgroupSnapshots,
  pods: readonly PodFact[],
  rules: readonly Placed<ComponentRule>[],
): string[] {
  const snapshots = [...before.values(), ...after.values()]
  const seen = new Set(snapshots.flatMap(({ cgroups }) => [...cgroups.keys()].map(containerIdOf)))
  const members = [...membersOf(pods, rules)]
  return members.filter(([id, { container }]) => container.ready && !seen.has(id)).map(([, { title }]) => title)
}

/** A container that is part of a component. */
interface Member {
  readonly component: string
  readonly role: Role
  readonly node: NodePart
  /** The name of its node, where that is known. */
  readonly nodeName: string | undefined
  /** The pod's, unique in the cluster. */
  readonly pod: string
  /** Namespace, pod and container, for people. */
  readonly title: string
  readonly container: ContainerFact
}

/**
 * Containers that a rule names, by the runtime's id. A pod that was seen at both snapshots may be given twice: a container that was
 * made anew meanwhile then has both its ids.
 */
export function membersOf(
  pods: readonly PodFact[],
  rules: readonly Placed<ComponentRule>[],
): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>()
  for (const pod of pods) {
    for (const container of pod.containers) {
      const rule = rules.find((one) => matches(one, pod, container))
      const id = containerIdOf(container.id)
      if (!rule || !id) continue
      const shared = rule.perNode ? `${rule.component}-${pod.node}` : rule.component
      const component = pod.tier === undefined ? shared : `${shared}-${pod.tier}`
      const title = `${pod.namespace}/${pod.name}/${container.name}`
      members.set(id, {
        component,
        role: rule.role,
        node: pod.node,
        nodeName: pod.nodeName,
        pod: pod.uid,
        title,
        container,
      })
    }
  }
  return members
}

function matches(rule: Placed<ComponentRule>, pod: PodFact, container: ContainerFact): boolean {
  return (
    rule.namespace === pod.namespace &&
    (rule.container ?? container.name) === container.name &&
    Object.entries(rule.labels).every(([label, value]) => pod.labels[label] === value)
  )
}

/**
 * The container's id in a cgroup's path, or in what Kubernetes calls it: `…/cri-containerd-<id>.scope` of systemd,
 * `…/pod<uid>/<id>` of cgroupfs, `containerd://<id>`.
 */
export function containerIdOf(text: string): string | undefined {
  return /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?$/.exec(text)?.[1]
}
