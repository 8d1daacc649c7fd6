import { z } from 'zod'

/**
 * The roles of components. The cost of a mesh is every role but `application` and `generator`; `cluster` is Kubernetes
 * itself: what the control-plane node uses besides the mesh.
 */
const ROLES = [
  'application',
  'generator',
  'client-proxy',
  'server-proxy',
  'node-proxy',
  'waypoint',
  'gateway',
  'cni',
  'control-plane',
  'node',
  'cluster',
] as const
export type Role = (typeof ROLES)[number]

/** The unit by which the number of a part of a mesh grows. */
export const COST_UNITS = ['pod', 'node', 'namespace', 'cluster'] as const
export type CostUnit = (typeof COST_UNITS)[number]

/** How a part of a mesh grows with a cluster. */
interface Scaling {
  /** The roles of one part, which run the same program, such as the sidecars of client and server. */
  readonly part: string
  readonly per: CostUnit
  /** Whether requests pass through it; other parts are assumed to be fixed. */
  readonly carries: boolean
}

/** Roles that a mesh adds. */
export const SCALING: Readonly<Partial<Record<Role, Scaling>>> = {
  'client-proxy': { part: 'sidecar', per: 'pod', carries: true },
  'server-proxy': { part: 'sidecar', per: 'pod', carries: true },
  'node-proxy': { part: 'node proxy', per: 'node', carries: true },
  waypoint: { part: 'waypoint', per: 'namespace', carries: true },
  gateway: { part: 'gateway', per: 'cluster', carries: true },
  cni: { part: 'CNI', per: 'node', carries: false },
  'control-plane': { part: 'control plane', per: 'cluster', carries: false },
}
export const MESH_ROLES: ReadonlySet<Role> = new Set(ROLES.filter((role) => SCALING[role]))

const stalledSchema = z.object({
  /** At least one task waited. */
  some: z.number().optional(),
  /** All tasks that were not idle waited. */
  full: z.number().optional(),
})

/** Pressure stall information of the kernel: seconds in which tasks waited for a resource. */
const pressureSchema = z.object({
  cpu: stalledSchema.optional(),
  memory: stalledSchema.optional(),
  io: stalledSchema.optional(),
})
export type Pressure = z.infer<typeof pressureSchema>

/** A program that reclaims memory periodically even when memory is free, and its period in seconds if it can be read. */
const reclaimSchema = z.object({ what: z.string(), every: z.number().optional() })
export type Reclaim = z.infer<typeof reclaimSchema>

/** What one component used in a window. */
const usageSchema = z.object({
  component: z.string(),
  role: z.enum(ROLES),
  /** CPU time in the window, including children and threads. */
  cpuSeconds: z.number(),
  /** The largest error of `cpuSeconds`, in seconds, where counters are not read at both ends of the window: those of kubelets. */
  cpuError: z.number().optional(),
  /** Memory at the closing snapshot, in bytes: the working set, or the proportional set size where processes are measured one by one. */
  memoryBytes: z.number(),
  /**
   * Bytes of file pages in `memoryBytes`, mainly the program itself. Processes on one node that run the same program share
   * them, and the kernel charges them to the first reader.
   */
  fileBytes: z.number().optional(),
  /** Largest memory in bytes, where the platform records it. */
  peakBytes: z.number().optional(),
  threads: z.number().optional(),
  /** Pods that it consists of; one where absent. */
  instances: z.number().optional(),
  /** CPU throttling within the window, where there is a quota. */
  throttledPeriods: z.number().optional(),
  throttledSeconds: z.number().optional(),
  /** CPU limit in cores, where there is one. */
  cpuLimit: z.number().optional(),
  /** Restarts within the window. */
  restarts: z.number().optional(),
  /** What its tasks waited for in the window, and their major faults; only with cgroup version 2. */
  pressure: pressureSchema.optional(),
  majorFaults: z.number().optional(),
})
export type Usage = z.infer<typeof usageSchema>

/** The share of a component's CPU that its error is to be below. */
export const PRECISION = 0.05
/** In cores. Of less, a share says little. */
const LEAST_CORES = 0.005

/** Whether the error of a component's CPU matters: requests pass through it, and it uses more than next to nothing. */
export function isPreciselyWanted({ role, cpuSeconds }: Pick<Usage, 'role' | 'cpuSeconds'>, seconds: number): boolean {
  const carries = role === 'application' || role === 'generator' || SCALING[role]?.carries === true
  return carries && cpuSeconds / seconds >= LEAST_CORES
}

/** The component of the control-plane node without the mesh. */
export const CLUSTER_COMPONENT = 'node-control'

/** Old results have this component under the role `node`, since there was no role `cluster`. */
export function roleOf({ component, role }: Pick<Usage, 'component' | 'role'>): Role {
  return role === 'node' && component === CLUSTER_COMPONENT ? 'cluster' : role
}

/** Evidence about an arm from the window: a claim that holds or not, or a fact. */
const evidenceSchema = z.object({
  /** `mtls`, `wireguard`, `identity`, `path`, `threads`, `retries`, `access-log`, `version`, … */
  name: z.string(),
  /** Whether the claim holds; false makes the trial invalid. Absent for a fact without a claim. */
  holds: z.boolean().optional(),
  seen: z.string(),
  /** The source of the evidence. */
  source: z.string(),
})
export type Evidence = z.infer<typeof evidenceSchema>

/** Evidence that identifies what ran: an image with its digest, or an observed version. */
export const VERSION_EVIDENCE: ReadonlySet<string> = new Set(['version', 'image', 'proxy-version'])

/** What the mesh carried in the window by its own counters, encrypted if the arm is. */
const carriedSchema = z.object({
  requests: z.number().optional(),
  connections: z.number().optional(),
  /** Bytes towards the client, comparable with what the load generator received. */
  bytes: z.number().optional(),
})
export type Carried = z.infer<typeof carriedSchema>

/** The whole host during the window. */
const hostSchema = z.object({
  cores: z.number(),
  /** Average number of busy cores of the whole host. */
  busyCores: z.number(),
  /** Cores that the hypervisor gave to other machines. */
  stolenCores: z.number().optional(),
  /** Change of wall clock less monotonic clock over the window, in seconds; not 0 if the clock stepped. */
  clockStep: z.number().optional(),
  /** Pressure of all tasks of the host in the window; absent where the kernel does not record it. */
  pressure: pressureSchema.optional(),
  /** Pages that a task had to wait for until they were read from a disk, and pages read from swap and written to it. */
  majorFaults: z.number().optional(),
  swappedIn: z.number().optional(),
  swappedOut: z.number().optional(),
  reclaim: reclaimSchema.optional(),
  /** Each machine, where nodes of the cluster are several; the figures above are their sums. */
  machines: z
    .array(
      z.object({
        /** A node of it, by its part. */
        node: z.string(),
        cores: z.number(),
        busyCores: z.number(),
        stolenCores: z.number(),
      }),
    )
    .optional(),
})
export type Host = z.infer<typeof hostSchema>

/** Everything observed in a window, between its two snapshots. */
export const observationSchema = z.object({
  /** Time of the opening snapshot in seconds since the epoch. Absent in old results, and where time is simulated. */
  startedAt: z.number().optional(),
  /** Length of the window between the two snapshots. */
  seconds: z.number(),
  usage: z.array(usageSchema),
  evidence: z.array(evidenceSchema),
  carried: carriedSchema.optional(),
  /** Requests that the proxies of each tier behind the one that was asked let in, where they count them. */
  hops: z.record(z.string(), z.number()).optional(),
  host: hostSchema.optional(),
  /** What the proxies expose to Prometheus when the window closes: all pods that are read together. */
  exposed: z.object({ series: z.number(), bytes: z.number() }).optional(),
})
export type Observation = z.infer<typeof observationSchema>
