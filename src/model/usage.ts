import { z } from 'zod'

/**
 * Whose cost it is. The bill of a mesh is everything but `application` and `generator`; `cluster` is Kubernetes itself: what
 * the node of its control plane uses beyond the mesh.
 */
const ROLES = [
  'application',
  'generator',
  'client-proxy',
  'server-proxy',
  'node-proxy',
  'waypoint',
  'cni',
  'control-plane',
  'node',
  'cluster',
] as const
export type Role = (typeof ROLES)[number]

/** What a part of a mesh is there once for. */
export const COST_UNITS = ['pod', 'node', 'namespace', 'cluster'] as const
export type CostUnit = (typeof COST_UNITS)[number]

/** How a part of a mesh grows with a cluster. */
interface Scaling {
  /** Roles of one part are the same program: the sidecars of client and server. */
  readonly part: string
  readonly per: CostUnit
  /** Whether requests pass through it; what does not carry them is taken to be fixed. */
  readonly carries: boolean
}

/** Roles that a mesh adds. */
export const SCALING: Readonly<Partial<Record<Role, Scaling>>> = {
  'client-proxy': { part: 'sidecar', per: 'pod', carries: true },
  'server-proxy': { part: 'sidecar', per: 'pod', carries: true },
  'node-proxy': { part: 'node proxy', per: 'node', carries: true },
  waypoint: { part: 'waypoint', per: 'namespace', carries: true },
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

/** What takes memory away on a schedule, however much of it is free, and its period in seconds where that can be read. */
const reclaimSchema = z.object({ what: z.string(), every: z.number().optional() })
export type Reclaim = z.infer<typeof reclaimSchema>

/** What one component used between the two snapshots of a trial's window. */
const usageSchema = z.object({
  component: z.string(),
  role: z.enum(ROLES),
  /** CPU time within the window, children and threads included. */
  cpuSeconds: z.number(),
  /** Memory at the closing snapshot, in bytes: the working set, or the proportional set size where processes are measured one by one. */
  memoryBytes: z.number(),
  /**
   * Pages of files among `memoryBytes`, in bytes: the program itself above all. Processes on one node that run the same program
   * share them, and the kernel charges them to whichever read them first.
   */
  fileBytes: z.number().optional(),
  /** Largest memory seen, in bytes, where the platform keeps it. */
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
  /** What its tasks waited for within the window, and pages that they waited for to be read; where the platform has cgroup version 2. */
  pressure: pressureSchema.optional(),
  majorFaults: z.number().optional(),
})
export type Usage = z.infer<typeof usageSchema>

/** The node of Kubernetes' control plane, less what the mesh has there. */
export const CLUSTER_COMPONENT = 'node-control'

/** Results of before there was the role `cluster` have that component under `node`. */
export function roleOf({ component, role }: Pick<Usage, 'component' | 'role'>): Role {
  return role === 'node' && component === CLUSTER_COMPONENT ? 'cluster' : role
}

/** What was seen of an arm during the window: a claim that holds or not, or a fact to be shown. */
const evidenceSchema = z.object({
  /** `mtls`, `identity`, `path`, `threads`, `retries`, `access-log`, `version`, … */
  name: z.string(),
  /** Absent: a fact without a claim. False makes the trial invalid. */
  holds: z.boolean().optional(),
  seen: z.string(),
  /** Where it was read. */
  source: z.string(),
})
export type Evidence = z.infer<typeof evidenceSchema>

/** What the mesh's own counters say it carried, under mTLS where the arm has it, within the window. */
const carriedSchema = z.object({
  requests: z.number().optional(),
  connections: z.number().optional(),
  /** Towards the client: comparable with what the generator received. */
  bytes: z.number().optional(),
})
export type Carried = z.infer<typeof carriedSchema>

/** The whole host during the window. */
const hostSchema = z.object({
  cores: z.number(),
  /** Cores busy on average, everything on the host counted. */
  busyCores: z.number(),
  /** Cores that the hypervisor gave to others. */
  stolenCores: z.number().optional(),
  /** Wall clock minus monotonic clock over the window, in seconds: not 0 when the clock was stepped. */
  clockStep: z.number().optional(),
  /** Of all tasks of the host within the window; absent where the kernel does not count it. */
  pressure: pressureSchema.optional(),
  /** Pages that a task had to wait for until they were read from a disk, and pages read from swap and written to it. */
  majorFaults: z.number().optional(),
  swappedIn: z.number().optional(),
  swappedOut: z.number().optional(),
  reclaim: reclaimSchema.optional(),
})
export type Host = z.infer<typeof hostSchema>

/** Everything seen between the two snapshots of a trial's window. */
export const observationSchema = z.object({
  /** Of the opening snapshot: seconds since the epoch. Absent in results of before it was kept, and where time is simulated. */
  startedAt: z.number().optional(),
  /** Length of the window between the two snapshots. */
  seconds: z.number(),
  usage: z.array(usageSchema),
  evidence: z.array(evidenceSchema),
  carried: carriedSchema.optional(),
  host: hostSchema.optional(),
})
export type Observation = z.infer<typeof observationSchema>
