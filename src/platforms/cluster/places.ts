import type { Cluster } from '../../kubernetes/cluster.ts'
import { parseQuantity } from '../../kubernetes/pods.ts'
import { Failure } from '../../model/failure.ts'
import { NODE_PARTS, type NodePart } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import { type Arm, mostGenerators, PLACEMENTS, type Placement } from '../../model/scenario.ts'
import { formatSize, type Seconds } from '../../model/units.ts'
import type { Place } from '../in-cluster/cluster-arm.ts'
import { measuredNodes } from '../in-cluster/cluster-arm.ts'
import type { Agents } from './agents.ts'
import {
  type ChosenNodes,
  type ClusterNode,
  chooseNodes,
  coresOf,
  machinesOf,
  moreClients,
  placedOn,
  stand,
  zoneWords,
} from './choose-nodes.ts'

/** The placement of an arm that names none. */
const placementOf = ({ placement = PLACEMENTS[0] }: Pick<Arm, 'placement'>): Placement => placement

/** The placements that arms of a plan have, each once. */
export function placementsIn({ scenario }: Pick<Plan, 'scenario'>): Placement[] {
  return [...new Set(scenario.arms.map(placementOf))]
}

interface PlacesOf {
  readonly cluster: Cluster
  readonly context: string
  readonly plan: Plan
  /** Absent where kubelets are read. */
  readonly agents?: Agents
}

/** The nodes of a cluster that a run uses. */
interface Places {
  /** That of the first arm: control planes are bound by it. */
  readonly first: Place
  /** Names of the nodes and their parts, in words. */
  readonly words: string
  /** Puts agents on all nodes. */
  start(signal: AbortSignal): Promise<void>
  /** Where an arm stands in its next visit. A node that has gone away, or takes no pods any more, is replaced where another is left. */
  settle(arm: Arm, signal: AbortSignal): Promise<Place>
}

/** Chooses the nodes for all arms of a plan, and again whenever one of them has gone away. */
export async function placesIn({ cluster, context, plan, agents }: PlacesOf, signal: AbortSignal): Promise<Places> {
  const settings = plan.scenario.cluster
  const placements = placementsIn(plan)
  const listed = () => cluster.list<ClusterNode>({ apiVersion: 'v1', kind: 'Node' }, signal)
  const generators = mostGenerators(plan.scenario.loads)
  const choose = (nodes: readonly ClusterNode[], kept?: ReadonlyMap<string, NodePart>) => {
    const chosen = chooseNodes(nodes, settings, placements, kept)
    return new Map([...chosen].map(([placement, one]) => [placement, placeOf(one, nodes)]))
  }
  const placeOf = (chosen: ChosenNodes, all: readonly ClusterNode[]): Place => {
    const nodes = ofEach((part) => chosen[part].metadata.name)
    const more = moreClients(all, chosen, generators, settings).map(({ metadata }) => metadata.name)
    const measured = measuredNodes({ nodes, moreClients: more })
    return {
      nodes,
      ...(more.length > 0 && { moreClients: more }),
      machines: machinesOf(measured, all),
      cpus: ofEach((part) => Math.floor(coresOf(chosen[part]))),
      ...(agents && { onNode: agents.onNode(measured) }),
      placed: (tree) => placedOn(tree, nodes, settings?.tolerations),
      before: [...new Set(measured.map(({ name }) => name))].map((name) => {
        return { kind: 'Node', namespace: '', name, hopelessAfter: GONE }
      }),
      facts: [
        {
          name: 'cluster',
          seen: `context ${context}, nodes ${measured.map(({ name }) => name).join(', ')}`,
          source: 'kubeconfig',
        },
        { name: 'zones', seen: inWords(chosen, zoneWords), source: 'Node labels' },
        { name: 'machines', seen: inWords(chosen, machineWords), source: 'Node labels and capacity' },
      ],
    }
  }
  const nodes = await listed()
  let places = choose(nodes)
  const all = () => [...places.values()].flatMap((place) => measuredNodes(place))
  const names = () => new Set(all().map(({ name }) => name))
  const parts = () => new Map(all().map(({ name, part }) => [name, part]))
  const [first] = places.values()
  if (!first) throw new TypeError('a plan has an arm')
  return {
    first,
    words: [...new Set(all().map(({ name, part }) => `${name} (${part})`))].join(', '),
    start: async (limit) => await agents?.start(nodes.filter(isAmong(names())), limit),
    settle: async (arm, limit) => {
      const now = await cluster.list<ClusterNode>({ apiVersion: 'v1', kind: 'Node' }, limit)
      if (!stand(now, names(), settings)) places = rechosen(places, () => choose(now, parts()))
      await agents?.start(now.filter(isAmong(names())), limit)
      return places.get(placementOf(arm)) ?? first
    },
  }
}

/** A node that is not ready for so long has gone. Kubernetes itself takes 40 s to see that a node says nothing any more. */
const GONE: Seconds = 30

const isAmong =
  (names: ReadonlySet<string>) =>
  ({ metadata }: ClusterNode) =>
    names.has(metadata.name)

/** Where no other nodes are left, the arm waits for those that it had. */
function rechosen<T>(before: T, choose: () => T): T {
  try {
    return choose()
  } catch (error) {
    if (error instanceof Failure) return before
    throw error
  }
}

function ofEach<Value>(of: (part: NodePart) => Value): Record<NodePart, Value> {
  return Object.fromEntries(NODE_PARTS.map((part) => [part, of(part)])) as Record<NodePart, Value>
}

function inWords(chosen: ChosenNodes, words: (node: ClusterNode) => string): string {
  return NODE_PARTS.map((part) => `${part}: ${words(chosen[part])}`).join('; ')
}

const INSTANCE_TYPE = 'node.kubernetes.io/instance-type'

/** The make of a machine, as far as its Node tells: clouds name its type. */
function machineWords({ metadata, status }: ClusterNode): string {
  const { cpu, memory } = status.capacity ?? {}
  const bytes = parseQuantity(memory ?? '')
  return [
    metadata.labels?.[INSTANCE_TYPE],
    cpu !== undefined && `${cpu} CPUs`,
    bytes !== undefined && formatSize(bytes),
    status.nodeInfo.architecture,
  ]
    .filter(Boolean)
    .join(', ')
}
