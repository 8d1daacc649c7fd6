import { setTimeout } from 'node:timers/promises'
import type { Docker } from './docker.ts'
import type { ArmCluster, RunContext } from './run-context.ts'

/** runc gives up on a node that forks faster than it looks ("unable to freeze", on a busy machine): a moment later it succeeds. */
const TRIES = 5
/** Milliseconds. */
const MOMENT = 500

type Nodes = Pick<ArmCluster, 'nodes'>

/** Nodes that get no CPU any more: what stands costs the arm that is measured nothing but memory. */
export async function freeze({ nodes }: Nodes, { docker }: Pick<RunContext, 'docker'>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await docker.pause(await inState('running', nodes, docker))
    } catch (error) {
      if (attempt === TRIES) throw error
      await setTimeout(MOMENT)
    }
  }
}

/** Also what was frozen in part, as after a call that broke half way: Docker is asked what is paused, and nobody else. */
export async function thaw({ nodes }: Nodes, { docker }: Pick<RunContext, 'docker'>): Promise<void> {
  await docker.unpause(await inState('paused', nodes, docker))
}

export async function isFrozen({ nodes }: Nodes, { docker }: Pick<RunContext, 'docker'>): Promise<boolean> {
  return (await inState('paused', nodes, docker)).length === Object.keys(nodes).length
}

async function inState(wanted: 'running' | 'paused', nodes: ArmCluster['nodes'], docker: Pick<Docker, 'inspect'>) {
  const found = await docker.inspect(Object.values(nodes))
  return found.filter(({ state }) => state === wanted).map(({ name }) => name)
}
