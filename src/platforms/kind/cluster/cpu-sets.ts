import type { NodePart } from '../../../model/mesh.ts'

/** Cores from which on there is enough for everybody to have their own. */
const ENOUGH = 4

/**
 * A core in four for the control plane, the rest halved between client and server, so that the load generator never takes
 * from the server. The client's node has two at least: on one, generator and client proxy would wait for each other, and that
 * wait would look like the mesh's latency. Undefined where there are too few.
 */
export function cpuSetsOf(cores: number): Readonly<Record<NodePart, string>> | undefined {
  if (cores < ENOUGH) return undefined
  const control = Math.floor(cores / 4)
  const client = control + Math.max(2, Math.floor((cores - control) / 2))
  return {
    control: range(0, control),
    client: range(control, client),
    server: range(client, cores),
  }
}

function range(from: number, below: number): string {
  return below - from === 1 ? `${from}` : `${from}-${below - 1}`
}

/** How many CPUs a set such as `2-4` or `7` has. */
export function cpuCount(set: string): number {
  const [from = 0, to = from] = set.split('-').map(Number)
  return to - from + 1
}
