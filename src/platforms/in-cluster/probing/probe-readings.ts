import type { Cluster } from '../../../kubernetes/cluster.ts'
import type { ContainerStatus, Pod } from '../../../kubernetes/pods.ts'
import type { ComponentRule, KubernetesMesh } from '../../../model/mesh.ts'
import type { ProbeJob, ProbeLog } from '../../../model/platform.ts'

/** The pod outside of the mesh that serves and receives spans. */
export const BEYOND = 'probe-beyond'
/** Of a log, its last ones are looked at. */
const LINES = 5000

interface Logger {
  readonly namespace: string
  readonly pod: string
  readonly container: string
}

/**
 * The containers whose log it is. Of proxies it is those that read most of a request: waypoints, or those beside the servers, or those of
 * the nodes.
 */
export async function loggersOf(
  log: ProbeLog,
  cluster: Cluster,
  mesh: KubernetesMesh,
  { namespace, outside }: { readonly namespace: string; readonly outside: string },
  signal: AbortSignal,
): Promise<Logger[]> {
  if (log === 'spans') return [{ namespace: outside, pod: BEYOND, container: 'spans' }]
  const ruleOf = (role: ComponentRule['role']) => mesh.components.find((rule) => rule.role === role)
  const beside = besideServer(mesh)
  const own = beside === undefined ? undefined : { labels: { app: 'probe-versions' }, container: beside, namespace }
  const rule = ruleOf('waypoint') ?? own ?? ruleOf('node-proxy')
  if (!rule) return []
  const pods = await cluster.pods(rule.namespace ?? namespace, rule.labels, signal)
  return pods.flatMap((pod) => {
    const container = rule.container ?? pod.spec.containers[0]?.name
    // A pod that a probe has just made anew has no log yet.
    const isRunning = statusesOf(pod).some(({ name, state }) => name === container && state?.running !== undefined)
    return container !== undefined && isRunning
      ? [{ namespace: pod.metadata.namespace, pod: pod.metadata.name, container }]
      : []
  })
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

/** The lines with this text in the logs of containers. */
export async function linesOf(
  cluster: Cluster,
  containers: readonly Logger[],
  text: string,
  signal: AbortSignal,
): Promise<string[]> {
  const logs = await Promise.all(
    containers.map(({ namespace, pod, container }) => cluster.logs(namespace, pod, container, LINES, signal)),
  )
  return logs.flatMap((log) => log.split('\n').filter((line) => line.includes(text)))
}

/** What has become of a Job; undefined where there is none. */
export async function jobOf(
  metadata: { readonly name: string; readonly namespace: string },
  cluster: Cluster,
  mesh: KubernetesMesh,
  signal: AbortSignal,
): Promise<ProbeJob | undefined> {
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata }
  const job = await cluster.read<{ readonly status?: { readonly succeeded?: number } }>(object, signal)
  if (!job) return undefined
  const pods = await cluster.pods(metadata.namespace, { 'batch.kubernetes.io/job-name': metadata.name }, signal)
  const ofPods = pods.map(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers].map((one) => one.name))
  const beside = besideServer(mesh)
  return {
    ended: (job.status?.succeeded ?? 0) > 0,
    containers: [...new Set(ofPods.flat())],
    isEnrolled: beside === undefined || (ofPods.length > 0 && ofPods.every((names) => names.includes(beside))),
  }
}

/** The container that the mesh puts beside a server; undefined where it puts none there. */
function besideServer({ components }: KubernetesMesh): string | undefined {
  return components.find(({ role }) => role === 'server-proxy')?.container
}
