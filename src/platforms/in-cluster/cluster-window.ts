import { copiesRequests } from '../../features/feature-cost.ts'
import { scheduledReclaim } from '../../host/strain.ts'
import { parsePrometheus } from '../../meshes/prometheus.ts'
import { componentsOf, type Placed, scrapesOf } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import {
  type Counters,
  ENCRYPTIONS,
  type KubernetesMesh,
  type NodePart,
  type PodFact,
  type Sample,
  type Scrape,
} from '../../model/mesh.ts'
import type { Window } from '../../model/platform.ts'
import { formatShare, MICROS } from '../../model/units.ts'
import type { Evidence, Observation } from '../../model/usage.ts'
import { type ClusterArm, measuredNodes, type OnNode } from './cluster-arm.ts'
import { type NodeSnapshot, type NodeSnapshots, parseSnapshot, snapshotScript } from './node-snapshot.ts'
import { TIER } from './own-application.ts'
import { accountBetween, hostBetween, usageBetween } from './usage-between.ts'

/** How CPU and memory of an arm and its nodes are measured. */
export interface Meter {
  /** Whatever it has to wait for comes before the window opens. */
  open(): Promise<{ close(): Promise<Metered> }>
}

/** CPU and memory of a window. Without `host` where nothing is known of the machines. */
type Metered = Pick<Observation, 'startedAt' | 'seconds' | 'usage' | 'evidence' | 'host'>

/** CPU and memory by the cgroup counters of the nodes, which a script there reads at both ends of a window. */
export function nodeMeter({ arm, pods: raised, changed }: RunningArmOptions, onNode: OnNode): Meter {
  const rules = componentsOf(arm.of.kubernetes, arm.of.about)
  const read = async (): Promise<NodeSnapshots> => {
    const read = measuredNodes(arm).map(async ({ key, name }) => {
      return [key, parseSnapshot(await onNode(key, ['sh', '-c', snapshotScript]), name)] as const
    })
    return new Map(await Promise.all(read))
  }
  return {
    open: async () => {
      // Where nodes are processes of this machine, its kernel is theirs.
      const reclaim = arm.isHere ? scheduledReclaim() : undefined
      const open = await read()
      return {
        close: async () => {
          const close = await read()
          const pods = [...raised, ...((await changed?.())?.pods ?? [])]
          const { opened, closed } = clocksOf(open, close)
          return {
            startedAt: opened.wall,
            seconds: closed.monotonic - opened.monotonic,
            usage: usageBetween(open, close, pods, rules, arm.isForeign),
            evidence: accountBetween(open, close, pods, rules),
            host: { ...hostBetween(open, close, arm.machines), ...(reclaim && { reclaim }) },
          }
        },
      }
    },
  }
}

/** The clocks of the window are those of the client's node. */
function clocksOf(open: NodeSnapshots, close: NodeSnapshots): { opened: NodeSnapshot; closed: NodeSnapshot } {
  const [opened, closed] = [open.get('client'), close.get('client')]
  if (!opened || !closed) throw new TypeError('a cluster has a client node')
  return { opened, closed }
}

/** Counters are read outside of the two snapshots, so that answering costs the proxies nothing that is counted. */
export async function openWindow(options: RunningArmOptions, meter: Meter, asked?: string): Promise<Window> {
  const { arm } = options
  const { kubernetes, about } = arm.of
  const copies = copiesRequests(arm.of.arm.feature)
  // Where requests are copied, the proxies of client and server do not count the same.
  const copied = (one: Evidence) => (copies && one.name === 'path' ? unclaimed(one) : one)
  const before = await countAll(options, asked)
  const open = await meter.open()
  const own = ownCpu()
  return {
    close: async (): Promise<Observation> => {
      const harness = own()
      const { evidence: account, ...metered } = await open.close()
      const now = await options.changed?.()
      const isCounted = !now || now.keepsProxies
      const pods = isCounted ? options.pods : stillThere(options.pods, now.pods)
      const after = await countAll({ ...options, pods }, asked)
      const counters = countersOf(before, after, arm.cpus)
      const { evidence: seen, carried: counted } = kubernetes.prove(counters, about)
      // Counters ended with their pods, so that what they lack says nothing of the others.
      const evidence = isCounted ? seen.map(copied) : seen.map(unclaimed)
      const carried = isCounted ? counted : undefined
      const hops = hopsOf(counters, (ofTier) => kubernetes.prove(ofTier, about))
      return {
        ...metered,
        evidence: [
          ...evidence,
          ...hops.map(({ evidence: proof }) => proof),
          ...(now ? account.map(unclaimed) : account),
          harness,
          ...(options.feature ? [await options.feature(options.signal)] : []),
          ...options.facts,
        ],
        ...(carried ? { carried } : {}),
        ...exposedIn(after),
        ...(hops.length > 0 && { hops: Object.fromEntries(hops.map(({ tier, requests }) => [tier, requests])) }),
      }
    },
  }
}

/** How many requests the mesh carried while something was done, outside of all windows; undefined where it counts none. */
export async function carriedBy(options: RunningArmOptions, act: () => Promise<unknown>): Promise<number | undefined> {
  const { kubernetes, about } = options.arm.of
  const before = await countAll(options, undefined)
  await act()
  const counters = countersOf(before, await countAll(options, undefined), options.arm.cpus)
  return kubernetes.prove(counters, about).carried?.requests
}

/** Pods that are there at both ends of a window, with no container made anew. */
function stillThere(before: readonly PodFact[], now: readonly PodFact[]): PodFact[] {
  const idsOf = ({ containers }: PodFact) => containers.map(({ id }) => id).join()
  return before.filter((pod) => now.some((one) => one.uid === pod.uid && idsOf(one) === idsOf(pod)))
}

/** What was seen, without the claim that it contradicts. */
function unclaimed({ holds, ...evidence }: Evidence): Evidence {
  return holds === true ? { ...evidence, holds } : evidence
}

/** Between the name of a scrape and the tier whose pods it read. */
const OF_TIER = ' of '

/** What the proxies of each tier behind the one that is asked let in; nothing where a mesh has no proxy beside its pods. */
function hopsOf(
  counters: Counters,
  prove: (ofTier: Counters) => ReturnType<KubernetesMesh['prove']>,
): { readonly tier: string; readonly requests: number; readonly evidence: Evidence }[] {
  const tiers = new Set(Object.keys(counters).flatMap((name) => name.split(OF_TIER)[1] ?? []))
  return [...tiers].toSorted().flatMap((tier) => {
    const own = Object.entries(counters).flatMap(([name, all]) => {
      const [scrape = '', of] = name.split(OF_TIER)
      return of === tier ? [[scrape, all] as const] : []
    })
    const { evidence, carried } = prove(Object.fromEntries(own))
    const proof = evidence.find(({ name }) => name in ENCRYPTIONS)
    if (!proof || carried?.requests === undefined) return []
    const { holds, ...rest } = proof
    // A tier that this load does not ask has nothing to prove.
    const claim = carried.requests > 0 && holds !== undefined ? { holds } : {}
    return [
      {
        tier,
        requests: carried.requests,
        evidence: { ...rest, ...claim, name: `${proof.name}-${tier}`, seen: `${tier}: ${proof.seen}` },
      },
    ]
  })
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

/** What is told of a pod or a node. `id`: another pod of the same name has another. */
interface Scraped {
  readonly scrape: string
  readonly of: { readonly id: string; readonly name: string; readonly node: NodePart }
  readonly samples: readonly Sample[]
  /** Of the text that was read; absent for what is no page of metrics. */
  readonly bytes?: number
}

/** The length of all pages of metrics. */
function exposedIn(scraped: readonly Scraped[]): Pick<Observation, 'exposed'> {
  const pages = scraped.filter(({ bytes }) => bytes !== undefined)
  if (pages.length === 0) return {}
  const exposed = pages.reduce(
    (all, { samples, bytes = 0 }) => ({ series: all.series + samples.length, bytes: all.bytes + bytes }),
    { series: 0, bytes: 0 },
  )
  return { exposed }
}

async function countAll(options: RunningArmOptions, asked: string | undefined): Promise<Scraped[]> {
  return (await Promise.all([scrapeAll(options, asked), countInterfaces(options)])).flat()
}

async function countInterfaces({ arm }: RunningArmOptions): Promise<Scraped[]> {
  const { interfaces = [] } = arm.of.kubernetes
  const { onNode } = arm
  if (interfaces.length === 0) return []
  if (!onNode) throw new TypeError('a scenario without agents has no mesh whose interfaces are read')
  const wanted = interfaces.flatMap((scrape) => measuredNodes(arm).map((node) => ({ scrape, ...node })))
  return await Promise.all(
    wanted.map(async ({ scrape, key, part: node, name }) => {
      const files = ['rx_bytes', 'tx_bytes'].map((file) => `/sys/class/net/${scrape}/statistics/${file}`)
      try {
        const [received, sent] = (await onNode(key, ['cat', ...files])).trim().split('\n').map(Number)
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

/** `asked`: the tier that the load is sent to, where that is not the one at the entrance. */
async function scrapeAll(
  { arm: { of, cluster }, pods, changed }: RunningArmOptions,
  asked: string | undefined,
): Promise<Scraped[]> {
  const wanted = scrapesOf(of.kubernetes, of.about).flatMap((scrape) =>
    podsOf(scrape, pods).map((pod) => ({ scrape, pod })),
  )
  return await Promise.all(
    wanted.map(async ({ scrape: { name, port, path }, pod }) => {
      const where = { namespace: pod.namespace, pod: pod.name, port, path }
      const tier = pod.labels[TIER]
      const isAsked = tier === undefined || (asked === undefined ? pod.tier === undefined : tier === asked)
      try {
        const text = await cluster.proxyGet(where)
        const scrape = isAsked ? name : `${name}${OF_TIER}${tier}`
        const of = { id: pod.uid, name: pod.name, node: pod.node }
        return { scrape, of, samples: parsePrometheus(text), bytes: Buffer.byteLength(text) }
      } catch (error) {
        // What an operation stopped may be there still, and answer no more.
        if ((await changed?.())?.keepsProxies === false) return []
        throw new Failure('no-counters', `the counters of ${name} (pod ${pod.name}) cannot be read`, { cause: error })
      }
    }),
  ).then((all) => all.flat())
}

function podsOf({ namespace, labels }: Placed<Scrape>, pods: readonly PodFact[]): PodFact[] {
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
  readonly arm: ClusterArm
  /** As they were when the arm was raised. */
  readonly pods: readonly PodFact[]
  /** The pods as they are now, where an operation was carried out since. `keepsProxies`: those that carry the traffic are the same. */
  readonly changed?: () => Promise<{ readonly pods: readonly PodFact[]; readonly keepsProxies: boolean } | undefined>
  /** What is known since the arm was raised. */
  readonly facts: readonly Evidence[]
  /** What shows that the feature of the arm is in force; absent where it has none. It sends requests. */
  readonly feature?: (signal: AbortSignal) => Promise<Evidence>
  /** That of the run. */
  readonly signal: AbortSignal
}
