import { strainBetween } from '../../../host/strain.ts'
import type { ComponentRule, NodePart, PodFact } from '../../../model/mesh.ts'
import { CLUSTER_COMPONENT, type Pressure, type Usage } from '../../../model/usage.ts'
import { containerIdOf, type Member, membersOf } from './components.ts'
import type { CgroupCounters, NodeEdge, NodeEdges } from './node-edge.ts'
import { pairsOf } from './pairs-of.ts'

/** A component's container at both edges; absent where it was not there. */
interface Span {
  readonly member: Member
  readonly before: CgroupCounters | undefined
  readonly after: CgroupCounters | undefined
}

/**
 * What every component used between two edges. What no rule names is the node's own, as the difference to the node's total:
 * kubelet, container runtime, Kubernetes' own pods, exec'd commands and their set-up, the two readings themselves.
 * A container that ended within the window takes its last counters with it; its component has `restarts` then.
 */
export function usageBetween(
  before: NodeEdges,
  after: NodeEdges,
  pods: readonly PodFact[],
  rules: readonly ComponentRule[],
): Usage[] {
  const members = membersOf(pods, rules)
  const nodes = pairsOf(before, after).map(({ node, open, close }) => {
    const spans = spansOf(open, close, members)
    return { spans, rest: restOf(node, open, close, spans) }
  })
  const byComponent = Map.groupBy(
    nodes.flatMap(({ spans }) => spans),
    ({ member }) => member.component,
  )
  return [...[...byComponent.values()].map(componentUsage), ...nodes.map(({ rest }) => rest)]
}

function spansOf(open: NodeEdge, close: NodeEdge, members: ReadonlyMap<string, Member>): Span[] {
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
  const pods = new Set(there.map(({ member }) => member.pod)).size
  const started = spans.filter((span) => span.before === undefined).length
  return {
    component,
    role,
    cpuSeconds: total(spans, (span) => grown(span, 'cpuSeconds')),
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

function restOf(node: NodePart, open: NodeEdge, close: NodeEdge, spans: readonly Span[]): Usage {
  const cpu = close.total.cpuSeconds - open.total.cpuSeconds - total(spans, (span) => grown(span, 'cpuSeconds'))
  const memory = close.total.memoryBytes - total(spans, ({ after }) => after?.memoryBytes ?? 0)
  const tasks = close.total.tasks
  const component = `node-${node}`
  return {
    component,
    role: component === CLUSTER_COMPONENT ? 'cluster' : 'node',
    cpuSeconds: Math.max(0, cpu),
    memoryBytes: Math.max(0, memory),
    ...(tasks === undefined ? {} : { threads: tasks - total(spans, ({ after }) => after?.tasks ?? 0) }),
  }
}

/** What is gone at the closing edge has no figure: the node's own then holds it. */
function grown({ before, after }: Span, counter: 'cpuSeconds' | 'throttledPeriods' | 'throttledSeconds'): number {
  return after === undefined ? 0 : Math.max(0, (after[counter] ?? 0) - (before?.[counter] ?? 0))
}

const total = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((sum, item) => sum + of(item), 0)

/** The sum where all have one, and there is one: a sum over some would be taken for the whole. */
function allOf<T>(items: readonly T[], of: (item: T) => number | undefined): number | undefined {
  const values = items.map(of).filter((value) => value !== undefined)
  return values.length === 0 || values.length < items.length ? undefined : total(values, (value) => value)
}
