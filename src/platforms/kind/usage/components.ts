import type { ComponentRule, ContainerFact, NodePart, PodFact } from '../../../model/mesh.ts'
import type { Role } from '../../../model/usage.ts'

/** A container that is part of a component. */
export interface Member {
  readonly component: string
  readonly role: Role
  readonly node: NodePart
  /** The pod's, unique in the cluster. */
  readonly pod: string
  /** Namespace, pod and container, for people. */
  readonly title: string
  readonly container: ContainerFact
}

/**
 * Containers that a rule names, by the runtime's id. A pod that was seen at both edges may be given twice: a container that was
 * made anew meanwhile then has both its ids.
 */
export function membersOf(pods: readonly PodFact[], rules: readonly ComponentRule[]): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>()
  for (const pod of pods) {
    for (const container of pod.containers) {
      const rule = rules.find((one) => matches(one, pod, container))
      const id = containerIdOf(container.id)
      if (!rule || !id) continue
      const component = rule.perNode ? `${rule.component}-${pod.node}` : rule.component
      const title = `${pod.namespace}/${pod.name}/${container.name}`
      members.set(id, { component, role: rule.role, node: pod.node, pod: pod.uid, title, container })
    }
  }
  return members
}

function matches(rule: ComponentRule, pod: PodFact, container: ContainerFact): boolean {
  return (
    rule.namespace === pod.namespace &&
    (rule.container ?? container.name) === container.name &&
    Object.entries(rule.labels).every(([label, value]) => pod.labels[label] === value)
  )
}

/**
 * The container's id in a cgroup's path, or in what Kubernetes calls it: `…/cri-containerd-<id>.scope` of systemd,
 * `…/pod<uid>/<id>` of cgroupfs, `containerd://<id>`.
 */
export function containerIdOf(text: string): string | undefined {
  return /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?$/.exec(text)?.[1]
}
