import type { Cluster } from '../../kubernetes/cluster.ts'
import { stamped } from '../../kubernetes/stamp.ts'
import type { KubernetesObject } from '../../model/mesh.ts'
import { type ArmMesh, PATIENCE } from './arm.ts'
import type { Ground } from './ground.ts'
import { workloadFor } from './workload/objects.ts'

/** Everything in the workload's namespace that stands as long as the cluster does; in one that was kept, it gets this run's stamp. */
export async function enrol(of: ArmMesh, cluster: Cluster, ground: Ground, signal: AbortSignal): Promise<void> {
  const { objects, until } = of.kubernetes.enrol(of.about)
  await cluster.apply(lastingOf(of, ground), signal, { within: PATIENCE })
  const own = objects.map((object) => stamped(object, ground.run))
  await cluster.apply(own, signal, { within: PATIENCE })
  await cluster.untilReady(until, PATIENCE, signal)
}

export function lastingOf(
  { arm, kubernetes, about }: ArmMesh,
  { plan, site, run }: Ground,
): readonly KubernetesObject[] {
  const enrolment = kubernetes.enrol(about)
  return workloadFor({ arm, loads: plan.scenario.loads, images: site.images, enrolment, run }).lasting
}
