import type { Ground } from './ground.ts'
import type { Standing } from './standing.ts'

/** Nodes that get no CPU any more: what stands costs the arm that is measured nothing but memory. */
export async function freeze(standing: Standing, { docker }: Pick<Ground, 'docker'>): Promise<void> {
  if (standing.frozen) return
  await docker.pause(Object.values(standing.nodes))
  standing.frozen = true
}

export async function thaw(standing: Standing, { docker }: Pick<Ground, 'docker'>): Promise<void> {
  if (!standing.frozen) return
  await docker.unpause(Object.values(standing.nodes))
  standing.frozen = false
}
