import { formatSize } from '../model/units.ts'
import type { Carried, Evidence } from '../model/usage.ts'
import { type Edges, level, type Which } from './counters.ts'

/** What a proxy counted within the window: under mutual TLS, and besides. */
export interface Counted {
  readonly carried: Carried
  /** Requests or connections that came without mutual TLS. */
  readonly plain: number
  readonly source: string
}

/** Nothing carried proves nothing, and one plain connection is one too many. */
export function mtlsEvidence({ carried, plain, source }: Counted, who: string): Evidence {
  const what = carried.requests === undefined ? 'connection' : 'request'
  return {
    name: 'mtls',
    holds: isSome(carried) && plain === 0,
    seen: `${who}: ${describe(carried)} under mutual TLS, ${count(plain, what)} without.`,
    source,
  }
}

/** A window whose counters were not read proves nothing. */
export function nothingCounted(who: string): Evidence {
  return { name: 'mtls', holds: false, seen: `No counters of ${who} could be read.`, source: 'metrics' }
}

const AGREE = 0.95

/** One hop of the way from client to server. */
export interface Hop {
  readonly name: string
  readonly carried: Carried
}

/**
 * Whether every hop was passed, and whether those that count requests agree, so that nothing went around one. To 5 %: the
 * hops are read one after the other, and where a tool warms up within its own process, load passes meanwhile.
 */
export function pathEvidence(hops: readonly Hop[], source: string): Evidence {
  const requests = hops.flatMap(({ carried }) => carried.requests ?? [])
  const agree = requests.length === 0 || Math.min(...requests) >= AGREE * Math.max(...requests)
  return {
    name: 'path',
    holds: agree && hops.every(({ carried }) => isSome(carried)),
    seen: hops.map(({ name, carried }) => `${name}: ${describe(carried)}`).join(' → '),
    source,
  }
}

export function isSome({ requests = 0, connections = 0, bytes = 0 }: Carried): boolean {
  return requests > 0 || connections > 0 || bytes > 0
}

function describe({ requests, connections = 0, bytes = 0 }: Carried): string {
  if (requests !== undefined) return count(requests, 'request')
  return `${count(connections, 'new connection')} with ${formatSize(bytes)} of answers`
}

/**
 * How many connections the proxies have between them: a pool of many that carry one request at a time, or a few that carry
 * them side by side, is a part of what an architecture costs. A fact, without a claim; none where nothing was counted.
 */
export function connectionsEvidence(open: number, between: string, how: string, source: string): Evidence[] {
  if (open === 0) return []
  return [{ name: 'connections', seen: `${count(open, 'connection')} ${between}${how && `: ${how}`}`, source }]
}

/** How a connection is used, by the protocol that was spoken on it. */
export const USED = {
  http1: 'HTTP/1.1, one request at a time on each',
  http2: 'HTTP/2, requests side by side on each',
} as const

/** A proxy and the gauge by which it tells its worker threads. */
export interface Threaded {
  readonly name: string
  readonly pods: readonly Edges[]
  readonly gauge: string
}

/** The worker threads that the proxies themselves report; `wanted` 0 claims nothing. */
export function threadsEvidence(
  proxies: readonly Threaded[],
  wanted: number,
  rule: ThreadRule = isExactly,
): Evidence[] {
  const known = proxies
    .flatMap(({ name, pods, gauge }) =>
      pods.map((pod) => ({ name, threads: level([pod], 'after', gauge), cpus: pod.cpus })),
    )
    .filter(({ threads }) => threads > 0)
  if (known.length === 0) return []
  const seen = new Set(known.map(({ name, threads }) => `${name}: ${count(threads, 'worker thread')}`))
  const claim = wanted > 0 && { holds: known.every(({ threads, cpus }) => rule(threads, wanted, cpus)) }
  return [{ name: 'threads', ...claim, seen: [...seen].join(', '), source: 'metrics' }]
}

type ThreadRule = (threads: number, wanted: number, cpus: number | undefined) => boolean

const isExactly: ThreadRule = (threads, wanted) => threads === wanted

/** Of a proxy that takes no more threads than it sees CPUs, whatever is asked for; fewer than both is another setting. */
export const asManyAsFit: ThreadRule = (threads, wanted, cpus = wanted) => threads === Math.min(wanted, cpus)

export function count(value: number, one: string): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : `${one}s`}`
}

/** A choice of series by the start of one label. */
export function begins(label: string, start: string): Which {
  return (labels) => labels[label]?.startsWith(start) === true
}
