import { parsePrometheus } from '../../../meshes/prometheus.ts'
import { Failure } from '../../../model/failure.ts'
import type { Sample } from '../../../model/mesh.ts'
import type { Seconds } from '../../../model/units.ts'
import type { CgroupCounters } from '../node-snapshot.ts'

/** The counters of one cgroup, with the time at which the kubelet read them. */
export interface TimedCounters extends CgroupCounters {
  /** By the wall clock of the node, in seconds since the epoch. */
  readonly at: Seconds
  readonly cpuSeconds: Seconds
}

/** What a kubelet said of its node at one moment. */
export interface KubeletReading {
  /** The wall clock of the node when it answered, in seconds since the epoch. */
  readonly now: Seconds
  /** By path below the root, without a slash at its ends; that of the root is empty. */
  readonly cgroups: ReadonlyMap<string, TimedCounters>
}

type Counter = Exclude<keyof CgroupCounters, 'pressure' | 'cpuDoubt'>

/** What the metrics of cAdvisor are here. All samples of one cgroup but the last are of one reading. */
const COUNTERS: Readonly<Record<string, Counter>> = {
  container_cpu_usage_seconds_total: 'cpuSeconds',
  container_cpu_cfs_throttled_periods_total: 'throttledPeriods',
  container_cpu_cfs_throttled_seconds_total: 'throttledSeconds',
  container_memory_working_set_bytes: 'memoryBytes',
  container_memory_total_active_file_bytes: 'fileBytes',
  container_memory_max_usage_bytes: 'peakBytes',
  container_threads: 'tasks',
}
/** Its timestamp is the time of the answer. */
const LAST_SEEN = 'container_last_seen'
const NAMES: ReadonlySet<string> = new Set([LAST_SEEN, ...Object.keys(COUNTERS)])

/**
 * What a kubelet answers at `/metrics/cadvisor`: the text format of Prometheus, with timestamps in milliseconds. The kubelet
 * reads the counters of each cgroup by a timer of its own, every 10 to 30 s, and answers with the last of them.
 *
 * @throws Failure `usage-unreadable` where it has no counters of the whole node, or no timestamps
 */
export function parseCadvisor(text: string, node: string): KubeletReading {
  const samples = parsePrometheus(text, NAMES)
  const clock = samples.filter(({ name }) => name === LAST_SEEN).map(secondsOf)
  const found = new Map<string, { at: Seconds; counters: Partial<Record<Counter, number>> }>()
  for (const sample of samples) {
    const counter = COUNTERS[sample.name]
    const { id, cpu = 'total' } = sample.labels
    if (!counter || id === undefined || cpu !== 'total') continue
    const path = id.replace(/^\/|\/$/g, '')
    const at = secondsOf(sample)
    const known = found.get(path)
    // Where a cgroup is listed twice, the newer reading counts.
    if (known && known.at > at) continue
    const counters = known?.at === at ? known.counters : {}
    found.set(path, { at, counters: { ...counters, [counter]: sample.value } })
  }
  const cgroups = new Map(
    [...found].flatMap(
      ([
        path,
        {
          at,
          counters: { cpuSeconds, ...rest },
        },
      ]) =>
        // Groups of pods and of the system may be listed without CPU: they are no containers.
        cpuSeconds === undefined ? [] : [[path, { at, cpuSeconds, ...rest }] as const],
    ),
  )
  if (cgroups.get('')?.memoryBytes === undefined) throw unreadable(node, 'no counters of the whole node (id="/")')
  const now = Math.max(...clock)
  if (!Number.isFinite(now)) throw unreadable(node, `no time of its answer (${LAST_SEEN})`)
  return { now, cgroups }
}

/** NaN without a timestamp, which no comparison holds for. */
function secondsOf({ timestamp = Number.NaN }: Sample): Seconds {
  return timestamp / 1000
}

function unreadable(node: string, lacks: string): Failure {
  return new Failure('usage-unreadable', `the kubelet of node ${node} does not show what its containers use`, {
    cause: `what it answers at /metrics/cadvisor has ${lacks}`,
    remedy: `Look at it: kubectl get --raw /api/v1/nodes/${node}/proxy/metrics/cadvisor. With \`usage: agent\` the kubelets are not asked.`,
  })
}
