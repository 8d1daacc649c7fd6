import { scheduledReclaim } from '../../../host/strain.ts'
import { parsePrometheus } from '../../../meshes/prometheus.ts'
import { Failure } from '../../../model/failure.ts'
import type { Counters, NodePart, PodFact, Sample, Scrape } from '../../../model/mesh.ts'
import type { Window } from '../../../model/platform.ts'
import { formatShare, MICROS } from '../../../model/units.ts'
import type { Evidence, Observation } from '../../../model/usage.ts'
import type { ArmCluster, RunContext } from '../run-context.ts'
import { type NodeSnapshots, parseSnapshot, snapshotScript } from './node-snapshot.ts'
import { accountBetween, hostBetween, usageBetween } from './usage-between.ts'

/** Counters are read outside of the two snapshots, so that answering costs the proxies nothing that is counted. */
export async function openWindow(options: RunningArmOptions): Promise<Window> {
  const { of } = options.armCluster
  const before = await countAll(options)
  // Nodes are processes of this machine, so its kernel is theirs.
  const reclaim = scheduledReclaim()
  const open = await readSnapshots(options)
  const own = ownCpu()
  return {
    close: async (): Promise<Observation> => {
      const harness = own()
      const close = await readSnapshots(options)
      const after = await countAll(options)
      const counters = countersOf(before, after, options.armCluster.affinity.cpus)
      const { evidence, carried } = of.kubernetes.prove(counters, of.about)
      const { opened, closed } = edgesOf(open, close)
      return {
        startedAt: opened.wall,
        seconds: closed.monotonic - opened.monotonic,
        usage: usageBetween(open, close, options.pods, of.kubernetes.components),
        evidence: [
          ...evidence,
          ...accountBetween(open, close, options.pods, of.kubernetes.components),
          harness,
          ...options.facts,
        ],
        ...(carried ? { carried } : {}),
        host: { ...hostBetween(opened, closed), ...(reclaim && { reclaim }) },
      }
    },
  }
}

/** What this process itself takes from the machine while a load is measured; the second call tells. */
function ownCpu(): () => Evidence {
  const [at, cpu] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    const share = (user + system) / MICROS / ((performance.now() - at) / 1000)
    return {
      name: 'harness',
      seen: `${formatShare(share)} of a core between the snapshots`,
      source: 'process.cpuUsage',
    }
  }
}

async function readSnapshots({ armCluster: { nodes }, runContext }: RunningArmOptions): Promise<NodeSnapshots> {
  const parts = Object.entries(nodes) as [NodePart, string][]
  const read = parts.map(async ([part, node]) => {
    return [part, parseSnapshot(await runContext.docker.exec(node, ['sh', '-c', snapshotScript]), node)] as const
  })
  return new Map(await Promise.all(read))
}

/** Reads the host's figures on the client's node, since all nodes share the machine. */
function edgesOf(open: NodeSnapshots, close: NodeSnapshots) {
  const [opened, closed] = [open.get('client'), close.get('client')]
  if (!opened || !closed) throw new TypeError('a cluster has a client node')
  return { opened, closed }
}

/** What is told of a pod or a node. `id`: another pod of the same name has another. */
interface Scraped {
  readonly scrape: string
  readonly of: { readonly id: string; readonly name: string; readonly node: NodePart }
  readonly samples: readonly Sample[]
}

async function countAll(options: RunningArmOptions): Promise<Scraped[]> {
  return (await Promise.all([scrapeAll(options), countInterfaces(options)])).flat()
}

async function countInterfaces({ armCluster: { of, nodes }, runContext }: RunningArmOptions): Promise<Scraped[]> {
  const { interfaces = [] } = of.kubernetes
  const parts = Object.entries(nodes) as [NodePart, string][]
  const wanted = interfaces.flatMap((scrape) => parts.map(([node, name]) => ({ scrape, node, name })))
  return await Promise.all(
    wanted.map(async ({ scrape, node, name }) => {
      const files = ['rx_bytes', 'tx_bytes'].map((file) => `/sys/class/net/${scrape}/statistics/${file}`)
      try {
        const [received, sent] = (await runContext.docker.exec(name, ['cat', ...files])).trim().split('\n').map(Number)
        const samples = [
          { name: 'receive_bytes', labels: {}, value: received ?? 0 },
          { name: 'transmit_bytes', labels: {}, value: sent ?? 0 },
        ]
        return { scrape, of: { id: name, name, node }, samples }
      } catch (error) {
        throw new Failure('no-counters', `the bytes of ${scrape} on node ${name} cannot be read`, { cause: error })
      }
    }),
  )
}

async function scrapeAll({ armCluster: { of, cluster }, pods }: RunningArmOptions): Promise<Scraped[]> {
  const wanted = of.kubernetes.scrapes.flatMap((scrape) => podsOf(scrape, pods).map((pod) => ({ scrape, pod })))
  return await Promise.all(
    wanted.map(async ({ scrape: { name, port, path }, pod }) => {
      const where = { namespace: pod.namespace, pod: pod.name, port, path }
      try {
        const samples = parsePrometheus(await cluster.proxyGet(where))
        return { scrape: name, of: { id: pod.uid, name: pod.name, node: pod.node }, samples }
      } catch (error) {
        throw new Failure('no-counters', `the counters of ${name} (pod ${pod.name}) cannot be read`, { cause: error })
      }
    }),
  )
}

function podsOf({ namespace, labels }: Pick<Scrape, 'namespace' | 'labels'>, pods: readonly PodFact[]): PodFact[] {
  return pods.filter(
    (pod) => pod.namespace === namespace && Object.entries(labels).every(([key, value]) => pod.labels[key] === value),
  )
}

function countersOf(
  before: readonly Scraped[],
  after: readonly Scraped[],
  cpus: Readonly<Record<NodePart, number>>,
): Counters {
  const both = before.flatMap((one) => {
    const other = after.find(({ scrape, of }) => scrape === one.scrape && of.id === one.of.id)
    return other ? [{ ...one, later: other.samples }] : []
  })
  const byScrape = Object.groupBy(both, ({ scrape }) => scrape)
  return Object.fromEntries(
    Object.entries(byScrape).map(([scrape, found = []]) => [
      scrape,
      found.map(({ of: { name, node }, samples, later }) => ({
        pod: name,
        node,
        cpus: cpus[node],
        before: samples,
        after: later,
      })),
    ]),
  )
}

/** An arm that has been raised. */
export interface RunningArmOptions {
  readonly armCluster: ArmCluster
  readonly runContext: RunContext
  /** As they were when the arm was raised. */
  readonly pods: readonly PodFact[]
  /** What is known since the arm was raised. */
  readonly facts: readonly Evidence[]
}
