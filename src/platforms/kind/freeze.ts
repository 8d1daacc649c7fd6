import type { Docker } from './docker.ts'
import type { Ground } from './ground.ts'
import type { Standing } from './standing.ts'

type Nodes = Pick<Standing, 'nodes'>

/** Nodes that get no CPU any more: what stands costs the arm that is measured nothing but memory. */
export async function freeze({ nodes }: Nodes, { docker }: Pick<Ground, 'docker'>): Promise<void> {
  await docker.pause(await inState('running', nodes, docker))
}

/** Also what was frozen in part, as after a call that broke half way: Docker is asked what is paused, and nobody else. */
export async function thaw({ nodes }: Nodes, { docker }: Pick<Ground, 'docker'>): Promise<void> {
  await docker.unpause(await inState('paused', nodes, docker))
}

export async function isFrozen({ nodes }: Nodes, { docker }: Pick<Ground, 'docker'>): Promise<boolean> {
  return (await inState('paused', nodes, docker)).length === Object.keys(nodes).length
}

async function inState(wanted: 'running' | 'paused', nodes: Standing['nodes'], docker: Pick<Docker, 'inspect'>) {
  const found = await docker.inspect(Object.values(nodes))
  return found.filter(({ state }) => state === wanted).map(({ name }) => name)
}
