import type { PodFact } from '../model/mesh.ts'
import type { Evidence } from '../model/usage.ts'
import { workloadPods } from './workload-parts.ts'

/** Containers by which a mesh's proxy is known. */
const SIDECARS: readonly string[] = ['istio-proxy', 'linkerd-proxy', 'kuma-sidecar']

/**
 * Whether every pod of the workload has the mark of the mesh, and of no other: a webhook that failed open, or a pod that
 * was made too early, would be measured without a mesh under the mesh's name.
 */
export function enrolledPods(pods: readonly PodFact[], namespace: string, mark: string | undefined): Evidence {
  const workload = workloadPods(pods, namespace)
  const wanted = mark ?? 'none'
  const found = workload.map((pod) => ({ pod, marks: marksOf(pod).join(' and ') || 'none' }))
  return {
    name: 'enrolled',
    holds: found.length > 0 && found.every(({ marks }) => marks === wanted),
    seen: found.map(({ pod, marks }) => `${pod.labels['app']}: ${words(marks)}`).join(', ') || 'no pod of the workload',
    source: 'pods',
  }
}

function marksOf(pod: PodFact): string[] {
  const sidecars = pod.containers.map(({ name }) => name).filter((name) => SIDECARS.includes(name))
  return pod.annotations['ambient.istio.io/redirection'] === 'enabled' ? [...sidecars, 'ambient'] : sidecars
}

function words(marks: string): string {
  if (marks === 'none') return 'no proxy'
  return marks === 'ambient' ? 'redirected to ztunnel' : marks
}
