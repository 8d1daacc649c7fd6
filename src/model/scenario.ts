import type { Limits } from './limits.ts'
import type { LoadToolName, PlatformName } from './traits.ts'
import type { Bytes, PerSecond, Seconds } from './units.ts'

export const PROTOCOLS = ['http', 'http2', 'grpc', 'tcp'] as const
/** `http` is HTTP/1.1 with keep-alive; `http2` is HTTP/2 without TLS (prior knowledge), one stream per connection. */
export type Protocol = (typeof PROTOCOLS)[number]

/** `defaults`: as each project ships. `equalised`: strict mTLS, access logs and tracing off, no retries, same proxy threads. */
export const PROFILES = ['equalised', 'defaults'] as const
export type Profile = (typeof PROFILES)[number]

/**
 * Where client and server are: on two nodes, on one, on two of one zone, or on two of different zones. Zones are those of the label
 * `topology.kubernetes.io/zone`. The default first.
 */
export const PLACEMENTS = ['cross-node', 'same-node', 'same-zone', 'cross-zone'] as const
export type Placement = (typeof PLACEMENTS)[number]

/** Placements that need nodes with zones. */
export const BY_ZONE: readonly Placement[] = ['same-zone', 'cross-zone']

/**
 * `frozen`: all arms exist for the whole cohort, and all but the measured one are paused, so blocks interleave arms.
 * `shared`: one cluster for all arms, whose control planes stand side by side: provisioned sooner, and measured beside each other.
 * `sequential`: one arm at a time with all its blocks in a row, so drift cannot be separated from differences.
 */
export const ISOLATIONS = ['frozen', 'shared', 'sequential'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/**
 * How an arm's mesh comes into a cluster that was there before. `install`: meshbench installs it, beside those of other arms, and
 * removes it afterwards. `existing`: it is there already; nothing outside of the run's own namespaces is written.
 */
export const PROVISIONS = ['install', 'existing'] as const
type Provision = (typeof PROVISIONS)[number]

/**
 * Where CPU and memory are read in a cluster that was there before. `agent`: a pod on each node reads its cgroup counters at both ends of
 * a window, which needs a hostPath volume. `kubelet`: the kubelets' own counters, 10 to 30 s old, interpolated to the window.
 */
export const USAGES = ['agent', 'kubelet'] as const
type UsageSource = (typeof USAGES)[number]

type Labels = Readonly<Record<string, string>>

/**
 * How load comes to the application. `service`: its Service is asked, from within the mesh (east-west). `gateway`: the mesh's gateway is
 * asked, from outside of the mesh (north-south).
 */
export const ENTRANCES = ['service', 'gateway'] as const
type Entrance = (typeof ENTRANCES)[number]

/** How a cluster is used that was there before. */
export interface ClusterSettings {
  /** The context of the kubeconfig. */
  readonly context?: string
  /** `install` when absent. */
  readonly provision?: Provision
  /** `agent` when absent. */
  readonly usage?: UsageSource
  /** Labels of the nodes for client, server and control planes; chosen when absent. */
  readonly nodes?: { readonly client?: Labels; readonly server?: Labels; readonly control?: Labels }
  /** Of pods that are bound to these nodes, as Kubernetes has them. */
  readonly tolerations?: readonly Toleration[]
}

export const TOLERATION_OPERATORS = ['Equal', 'Exists'] as const
export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

/** Lets pods run on nodes with a taint. Without a key, any; without an effect, every effect. */
export interface Toleration {
  readonly key?: string
  /** `Equal` when absent. */
  readonly operator?: (typeof TOLERATION_OPERATORS)[number]
  readonly value?: string
  readonly effect?: (typeof TAINT_EFFECTS)[number]
}

/** What is compared. The first arm of a scenario is the baseline. */
export interface Arm {
  readonly name: string
  /** A key of the mesh registry. */
  readonly mesh: string
  /** The mesh's version; that of its declaration when absent. */
  readonly version?: string
  /** Overrides of the mesh's settings. */
  readonly values?: Readonly<Record<string, unknown>>
  /** Placement of client and server in a cluster; `cross-node` when absent. */
  readonly placement?: Placement
  /** Pods of the server in a cluster; one when absent. They share the rate of a load. */
  readonly replicas?: number
  /** Further Services of its cluster, with an endpoint each, that receive no traffic: what a mesh does for them is its own cost. None when absent. */
  readonly idleServices?: number
  /** How load comes to its application; `service` when absent, which is never written here. */
  readonly entrance?: Exclude<Entrance, 'service'>
  /** How its mesh comes into a cluster that was there before; as the scenario's `cluster` says when absent. */
  readonly provision?: Provision
  /** The context of the kubeconfig whose cluster it stands in; as the scenario's `cluster` says when absent. */
  readonly context?: string
  /** A known effect added at the server, to test that meshbench finds it. */
  readonly inject?: { readonly delay: Seconds }
  /** The name of a probe: its objects are put on the server for all of the arm's visits. */
  readonly feature?: string
}

/** The arm that one with a feature is compared with: the first that is equal to it without the feature. */
export function withoutFeature(arms: readonly Arm[], { feature, ...arm }: Arm): Arm | undefined {
  return feature === undefined ? undefined : arms.find((other) => isSameArm(other, arm))
}

export interface Load {
  readonly name: string
  readonly tool: LoadToolName
  readonly protocol: Protocol
  /**
   * Requests per second of an open loop, or `max`: a closed loop that sends as soon as it has an answer. Where `capacity` is
   * searched, its highest rate.
   */
  readonly rate: PerSecond | 'max'
  /** Searches the highest rate at which a goal is met, in place of one rate. */
  readonly capacity?: Capacity
  /** Connections (fortio), or virtual users with a connection each (k6). */
  readonly connections: number
  /** Load generators that share rate and connections; one when absent. */
  readonly generators?: number
  /** Bytes of the body of each request, which the server returns. 0 is a plain GET. */
  readonly payload: Bytes
  /** Load of the same shape before each measurement, whose results are discarded. */
  readonly warmup: Seconds
  readonly duration: Seconds
  /** A script of the user's that makes the requests: a path relative to the scenario file. Rate and drops then count its iterations. */
  readonly script?: string
  /** SHA-256 of the script and of every file that it needs: see `Script`. */
  readonly scriptSha256?: string
  /** `own`: the script's own options say when its iterations run, and `rate` is `max`. */
  readonly shape?: (typeof SHAPES)[number]
  /** Of the workload's entrance; absent where our server is asked, or a script asks. */
  readonly request?: LoadRequest
  /** Which service of a graph is asked; that at its entrance when absent. */
  readonly service?: string
  /** SHA-256 of the manifests that the load is sent to; absent where these are ours. */
  readonly applicationSha256?: string
  /** A key of the registry of operations: what is done, or what fails, while the load goes on. */
  readonly operation?: string
  /** From the start of the window to the operation. */
  readonly operationAt?: Seconds
  /** Arms that cannot have the operation, by name, with the reason: they are not measured under this load. */
  readonly skipped?: Readonly<Record<string, string>>
}

/** Load generators that the load with the most of them has. */
export function mostGenerators(loads: readonly Pick<Load, 'generators'>[]): number {
  return loads.reduce((most, { generators = 1 }) => Math.max(most, generators), 1)
}

/** A goal of the latency and of errors, and how its highest rate is searched. */
export interface Capacity {
  /** Most that p99 of the response time may be. */
  readonly p99: Seconds
  /** Most that the share of requests that fail may be. */
  readonly errors: number
  /** The range of rates that is searched. */
  readonly min: PerSecond
  readonly max: PerSecond
  /** The search ends when the upper bound is at most this share above the lower one. */
  readonly width: number
  /** Most time under load, warm-ups included, of one search: one arm in one block. */
  readonly budget: Seconds
}

/** A load at one rate for one time: a trial of a search has its own. */
export function loadAt(load: Load, { step }: { readonly step?: Step | undefined }): Load {
  return step ? { ...load, rate: step.rate, duration: step.duration } : load
}

/** What a search measures in one trial. */
export interface Step {
  /** Counted from 1 in its search. */
  readonly number: number
  readonly rate: PerSecond
  readonly duration: Seconds
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** The request that a load repeats, where it is not our server that is asked. */
export interface LoadRequest {
  readonly path: string
  readonly method: (typeof METHODS)[number]
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** An answer with another status is an error. */
  readonly expectedStatus: number
  /** Bytes of an answer, where they are known: another size is an error that no status tells. */
  readonly answer?: Bytes
}

export const CALL_ORDERS = ['parallel', 'sequence'] as const

/** A service of a graph, carried out by fortio. */
export interface ServiceNode {
  /** Services that it calls for each request, before it answers. */
  readonly calls: readonly string[]
  /** All at once, or each after the answer to the one before. */
  readonly order: (typeof CALL_ORDERS)[number]
  /** Bytes of its own part of the answer, before those of the services that it calls. */
  readonly answer: Bytes
  /** How long it holds its own part back, without using CPU. */
  readonly delay: Seconds
  /** For a share of the requests (0 to 1), at random, another delay in place of that; absent where all are alike. */
  readonly slow?: { readonly share: number; readonly delay: Seconds }
  /** Number of its pods. */
  readonly replicas: number
}

/** What stands in place of our server: an application of the user's, or a graph of services. */
export type Workload = ManifestsWorkload | { readonly services: Readonly<Record<string, ServiceNode>> }

export interface ManifestsWorkload {
  readonly services?: undefined
  /** A folder, a file or a Helm chart: a path relative to the scenario file. */
  readonly manifests: string
  /** A file of values for the chart, by the same. */
  readonly values?: string
  /** Where load is sent to. */
  readonly entrance: LoadRequest & { readonly service: string; readonly port: number }
  /** What has to be ready, such as `deployment/web`; all that runs pods when absent. */
  readonly ready?: readonly string[]
}

export const SHAPES = ['own'] as const

/** True effects and noise of the simulated platform, which the statistics should find. */
export interface Simulation {
  /** Median service time of the baseline. */
  readonly latency: Seconds
  /** Sigma of the log-normal service time within a trial. */
  readonly spread: number
  /** True ratios to the baseline by arm name; absent ones are 1. Memory in bytes. */
  readonly effects: Readonly<
    Record<
      string,
      {
        readonly latency?: number
        readonly cpu?: number
        readonly memory?: Bytes
        readonly operation?: SimulatedDisturbance
      }
    >
  >
  /** Standard deviations of the logarithm of a trial's, a block's and a cohort's level. */
  readonly noise: { readonly trial: number; readonly block: number; readonly cohort: number }
  /** Growth of the latency from one block to the next, as a ratio: 1.02 drifts upward by 2 % per block. */
  readonly drift: number
  /** Stalls of the server during which no request is answered. */
  readonly stalls?: Stalls
  /** Injected faults. */
  readonly faults: readonly Fault[]
  /** How long a simulated trial takes in wall-clock time. */
  readonly pace: Seconds
}

/** What an operation does to an arm, from its start on: for so long every request fails, none is answered, or all take ten times as long. */
interface SimulatedDisturbance {
  readonly errors?: Seconds
  readonly pause?: Seconds
  readonly slow?: Seconds
}

export interface Stalls {
  readonly every: Seconds
  readonly last: Seconds
  /** Randomness of the start and length of stalls, from 0 to 1; 0 when absent. */
  readonly jitter?: number
}

/** The longest possible stall. It must be shorter than the time between two stalls, or stalls never end. */
export function longestStall({ last, jitter = 0 }: Stalls): Seconds {
  return last * (1 + jitter)
}

/** `raise`: the arm does not come up. `trial`: the load breaks. `errors`: half of the answers are errors. `slow`: the rate is not held. `bypass`: traffic goes around the mesh. `generator-pause`: the load generator gets no CPU for 2 % of the window, from its middle. Of several generators the last one: `generator-killed`: dies in the middle of the window; `generator-late`: begins 2 s late; `generator-clock`: has a clock that is 3 s ahead. `lower`: the teardown breaks. */
export const FAULTS = [
  'raise',
  'trial',
  'errors',
  'slow',
  'bypass',
  'generator-pause',
  'generator-killed',
  'generator-late',
  'generator-clock',
  'lower',
] as const
export interface Fault {
  readonly kind: (typeof FAULTS)[number]
  readonly arm: string
  /** Blocks with the fault, counted from 1; all when absent. */
  readonly blocks?: readonly number[]
}

export interface Scenario {
  readonly name: string
  readonly description?: string
  readonly platform?: PlatformName
  readonly profile: Profile
  /** How arms are kept apart on `kind`; chosen by available memory when absent. */
  readonly isolation?: Isolation
  readonly cluster?: ClusterSettings
  readonly seed: number
  readonly cohorts: number
  /** Blocks in each cohort. */
  readonly blocks: number
  /** Length of the window without load at the start of every visit; none when 0 or absent, as in old runs. */
  readonly idle?: Seconds
  /** Share below which a difference is not relevant, even if it is certain; `MIN_EFFECT` when absent. */
  readonly minEffect?: number
  readonly arms: readonly Arm[]
  readonly loads: readonly Load[]
  /** What the load is sent to; our own server when absent. */
  readonly workload?: Workload
  readonly simulation: Simulation
  /** Limits of the gate, which `gate --limits` overrides. */
  readonly gate?: Limits
}

/** Whether two arms are versions of one mesh with the same placement and entrance, so that they have the same variance between clusters. */
export function isSameMesh(a: Arm, b: Arm): boolean {
  const keys = ['mesh', 'placement', 'replicas', 'idleServices', 'entrance', 'context'] as const
  return keys.every((key) => a[key] === b[key])
}

/** The contexts that arms stand in, with their arms; undefined is that of the kubeconfig that nothing names. */
export function armsByContext({
  arms,
  cluster,
}: Pick<Scenario, 'arms' | 'cluster'>): ReadonlyMap<string | undefined, Arm[]> {
  return Map.groupBy(arms, ({ context }) => context ?? cluster?.context)
}

/** Whether something is done, or fails, while the load goes on: its latencies are no steady ones, and its server is a Deployment in clusters. */
export function isOperated({ operation }: Pick<Load, 'operation'>): boolean {
  return operation !== undefined
}

/** Whether two arms are equal but for their names: an A/A pair, which shows the noise floor. */
export function isSameArm(a: Arm, b: Arm): boolean {
  const { name: _a, ...restA } = a
  const { name: _b, ...restB } = b
  return JSON.stringify(sorted(restA)) === JSON.stringify(sorted(restB))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** Default share below which a difference is not relevant. */
export const MIN_EFFECT = 0.02

/** The baseline and the arms equal to it. */
export function baselineOf(scenario: Pick<Scenario, 'arms'>): Arm {
  const first = scenario.arms[0]
  if (!first) throw new TypeError('a scenario has at least one arm')
  return first
}
