import type { ServiceNode } from './scenario.ts'
import type { Bytes } from './units.ts'

/** Services by name, each with those that it calls. */
export type ServiceGraph = Readonly<Record<string, ServiceNode>>

/** What is wrong with a graph: where, and what to do about it. */
export interface GraphTrouble {
  /** The service, or none for the graph as a whole. */
  readonly service?: string
  readonly message: string
  readonly remedy: string
}

/** One request at the entrance makes no more requests than this: a graph in which ways cross multiplies them. */
const MOST_CALLS = 200

/** Unknown services, cycles, and more than one entrance. */
export function troublesOf(graph: ServiceGraph): GraphTrouble[] {
  const names = Object.keys(graph)
  const unknown = names.flatMap((service) =>
    (graph[service]?.calls ?? [])
      .filter((called) => !Object.hasOwn(graph, called))
      .map((called) => ({
        service,
        message: `${service} calls ${called}, which is no service`,
        remedy: `Add ${called} to services, or call one of: ${names.join(', ')}.`,
      })),
  )
  if (unknown.length > 0) return unknown
  const cycle = cycleIn(graph)
  if (cycle) {
    return [
      {
        service: cycle[0] as string,
        message: `services call each other in a circle: ${cycle.join(' → ')}`,
        remedy: 'Remove one of these calls: a request would never be answered.',
      },
    ]
  }
  const roots = rootsOf(graph)
  if (roots.length !== 1) {
    return [
      {
        message: `${roots.join(' and ')} are called by no service, and a graph has one entrance`,
        remedy: 'Let one of them call the others, or measure them in scenarios of their own.',
      },
    ]
  }
  const calls = callsFrom(graph, roots[0] as string)
  const all = [...calls.values()].reduce((sum, count) => sum + count, 0)
  if (all <= MOST_CALLS) return []
  return [
    {
      message: `one request at the entrance would make ${all} requests, more than ${MOST_CALLS}`,
      remedy: 'Remove calls: where ways cross, they multiply.',
    },
  ]
}

function cycleIn(graph: ServiceGraph): string[] | undefined {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const next of graph[name]?.calls ?? []) {
      const found = visit(next, [...trail, name])
      if (found) return found
    }
    done.add(name)
    return undefined
  }
  for (const name of Object.keys(graph)) {
    const found = visit(name, [])
    if (found) return found
  }
  return undefined
}

function rootsOf(graph: ServiceGraph): string[] {
  const called = new Set(Object.values(graph).flatMap(({ calls }) => calls))
  return Object.keys(graph).filter((name) => !called.has(name))
}

/** The service that no other calls, of a graph without troubles. */
export function rootOf(graph: ServiceGraph): string {
  const [root] = rootsOf(graph)
  if (root === undefined) throw new TypeError('a graph has an entrance')
  return root
}

/** How many requests each service gets for one at `from`, which is among them. */
export function callsFrom(graph: ServiceGraph, from: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const visit = (name: string, depth: number): void => {
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    // Far beyond what is accepted, the exact number tells nothing.
    if (count > 10 * MOST_CALLS || depth > MOST_CALLS) return
    for (const next of graph[name]?.calls ?? []) visit(next, depth + 1)
  }
  visit(from, 1)
  return counts
}

/** Services one after the other that a request passes at most, `from` included. */
export function depthOf(graph: ServiceGraph, from: string): number {
  return 1 + Math.max(0, ...(graph[from]?.calls ?? []).map((next) => depthOf(graph, next)))
}

/** The most calls that one service below `from`, or `from` itself, makes for one request. */
export function widthOf(graph: ServiceGraph, from: string): number {
  return Math.max(...[...callsFrom(graph, from).keys()].map((name) => graph[name]?.calls.length ?? 0))
}

/** Bytes of an answer: that of the service itself, and those of all that it calls, one after the other. */
export function answerOf(graph: ServiceGraph, from: string): Bytes {
  return [...callsFrom(graph, from)].reduce((sum, [name, count]) => sum + count * (graph[name]?.answer ?? 0), 0)
}
