import type { ComponentRule, PodFact } from '../../../model/mesh.ts'
import { formatNumber, formatShare, type Seconds } from '../../../model/units.ts'
import type { Evidence } from '../../../model/usage.ts'
import { containerIdOf, membersOf } from './components.ts'
import type { NodeEdge, NodeEdges } from './node-edge.ts'
import { pairsOf } from './pairs-of.ts'

const SHARE = 0.03
/**
 * CPU of the two readings themselves, which on version 1 run in the root and in no cgroup below it: 14 to 27 ms for a window,
 * measured on two busy cores. In a short window of an idle node that is more than the share above. Anything else that
 * `docker exec` starts in a node within the window runs there too, and is rightly seen as missing.
 */
const READING: Seconds = 0.05

const SOURCE = 'cgroup counters of the nodes at both edges'

/**
 * Whether the bill is complete. The node's own part is a difference to the total, so that components always add up to it; what
 * can be wrong is that a counter was not seen, or vanished with its container. So the innermost cgroups of a node (every
 * container, every service) are added up and compared with the counter that the kernel keeps for the whole node; and every
 * container of a component must have been among them.
 */
export function accountBetween(
  before: NodeEdges,
  after: NodeEdges,
  pods: readonly PodFact[],
  rules: readonly ComponentRule[],
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

function accountOf(open: NodeEdge, close: NodeEdge) {
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

function grownIn(path: string, open: NodeEdge, close: NodeEdge): Seconds {
  const end = close.cgroups.get(path)?.cpuSeconds
  return end === undefined ? 0 : end - (open.cgroups.get(path)?.cpuSeconds ?? 0)
}

function missingOf(
  before: NodeEdges,
  after: NodeEdges,
  pods: readonly PodFact[],
  rules: readonly ComponentRule[],
): string[] {
  const edges = [...before.values(), ...after.values()]
  const seen = new Set(edges.flatMap(({ cgroups }) => [...cgroups.keys()].map(containerIdOf)))
  const members = [...membersOf(pods, rules)]
  return members.filter(([id, { container }]) => container.ready && !seen.has(id)).map(([, { title }]) => title)
}
