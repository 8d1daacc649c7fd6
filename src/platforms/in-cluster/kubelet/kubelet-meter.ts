import { setTimeout as sleep } from 'node:timers/promises'
import { componentsOf } from '../../../meshes/workload-parts.ts'
import { Failure } from '../../../model/failure.ts'
import { formatDuration, formatNumber, formatShare, milliseconds, type Seconds } from '../../../model/units.ts'
import { type Evidence, isPreciselyWanted, PRECISION, type Usage } from '../../../model/usage.ts'
import { measuredNodes } from '../cluster-arm.ts'
import type { Meter, RunningArmOptions } from '../cluster-window.ts'
import { containerIdOf, membersOf, missingOf, usageBetween } from '../usage-between.ts'
import { type KubeletReading, parseCadvisor, type TimedCounters } from './cadvisor.ts'
import { idleRates } from './idle-rates.ts'
import { type Bracket, interpolate } from './interpolate.ts'

/** The timer of a cgroup is at most 30 s; a busy node is late. */
const PATIENCE: Seconds = 45
/** Between two questions while readings are waited for. */
const PAUSE: Seconds = 2
/** A reading gets its time when it is complete: one that is no newer than this may have begun before. */
const READING: Seconds = 0.1
/** For one answer, repetitions included. */
const ANSWER: Seconds = 30

/** Time as it passes here. */
interface Clock {
  /** Monotonic, in seconds. */
  now(): Seconds
  sleep(seconds: Seconds, signal: AbortSignal): Promise<void>
}

const REAL: Clock = {
  now: () => performance.now() / 1000,
  sleep: async (seconds, signal) => void (await sleep(milliseconds(seconds), undefined, { signal })),
}

/** An answer of a node, and how its clock differs from the one here. */
interface Answer extends KubeletReading {
  /** The node's wall clock less the monotonic clock here. */
  readonly offset: Seconds
  readonly doubt: Seconds
}

/** What one node said while new readings were waited for. */
interface Watched {
  readonly last: Answer
  /** The answer with the least doubt of the clock. */
  readonly clock: Answer
  /** Readings that are newer than the beginning, by path, in the order of time. */
  readonly fresh: Map<string, TimedCounters[]>
  /** What a reading must be newer than. */
  readonly since: Seconds
}

/**
 * CPU and memory by the counters of the kubelets. The kubelet reads each cgroup by a timer of its own, so a window is bracketed:
 * before it opens, every container must have a reading that is newer than the call; after it has closed, one that is newer
 * than its end. What containers use without load is learned in the visit's idle window, or before its first window if the
 * scenario has none. Nothing is read within a window. See `interpolate` for the error.
 *
 * Of the machines nothing is known, so there is no `host`.
 */
export function kubeletMeter(options: RunningArmOptions, clock: Clock = REAL): Meter {
  const { arm, pods, signal } = options
  const rules = componentsOf(arm.of.kubernetes, arm.of.about)
  const members = membersOf(pods, rules)
  const expected = [...members].filter(([, { container }]) => container.ready)
  const nodes = new Map(measuredNodes(arm).map((node) => [node.key, node]))
  const parts = [...nodes.keys()]
  const nameOf = (key: string) => nodes.get(key)?.name ?? key
  const isOn = ({ node, nodeName }: (typeof expected)[number][1], key: string) =>
    nodeName === undefined ? node === key : nodeName === nameOf(key)
  const idle = idleRates()
  let isFirst = true

  const ask = async (part: string): Promise<Answer> => {
    const node = nameOf(part)
    const sent = clock.now()
    const limit = AbortSignal.any([signal, AbortSignal.timeout(milliseconds(ANSWER))])
    const text = await arm.cluster.get(cadvisorPath(node), limit)
    const received = clock.now()
    const reading = parseCadvisor(text, node)
    return { ...reading, offset: reading.now - (sent + received) / 2, doubt: (received - sent) / 2 }
  }

  /** Paths of a node whose readings are waited for: the whole node, and the containers of components. */
  const relevantIn = ({ cgroups }: KubeletReading) =>
    [...cgroups.keys()].filter((path) => path === '' || members.has(containerIdOf(path) ?? ''))

  /** What is not there yet: paths with fewer new readings than wanted, and containers that the kubelet does not list. */
  const lacking = (part: string, { last, fresh }: Watched, wanted: number, unlisted: boolean): string[] => {
    const listed = relevantIn(last)
    const ids = new Set(listed.map(containerIdOf))
    const absent = expected.filter(([id, member]) => isOn(member, part) && !ids.has(id)).map(([, { title }]) => title)
    return [...listed.filter((path) => (fresh.get(path)?.length ?? 0) < wanted), ...(unlisted ? absent : [])]
  }

  const follow = async (part: string, watched: Watched | undefined): Promise<Watched> => {
    const last = await ask(part)
    if (!watched) return { last, clock: last, fresh: new Map(), since: last.now + READING }
    const { fresh, since } = watched
    for (const [path, reading] of last.cgroups) {
      const known = fresh.get(path) ?? []
      if (reading.at > since && reading.at !== known.at(-1)?.at) fresh.set(path, [...known, reading])
    }
    return { last, fresh, since, clock: last.doubt < watched.clock.doubt ? last : watched.clock }
  }

  /** Asks all nodes until each relevant cgroup has so many new readings. Ends with an answer of each node. */
  const watch = async (wanted: number, unlisted: boolean): Promise<Map<string, Watched>> => {
    const deadline = clock.now() + PATIENCE * wanted
    const watched = new Map<string, Watched>()
    let open: readonly string[] = parts
    for (;;) {
      const answers = open.map(async (part) => [part, await follow(part, watched.get(part))] as const)
      for (const [part, one] of await Promise.all(answers)) watched.set(part, one)
      const late = parts.map((part) => ({ part, lacks: lacking(part, watchedIn(watched, part), wanted, unlisted) }))
      const rest = late.filter(({ lacks }) => lacks.length > 0)
      if (rest.length === 0 && open.length === parts.length) return watched
      // At the end all are asked once more, so that readings are as close to the window as they can be.
      open = rest.length === 0 ? parts : rest.map(({ part }) => part)
      if (clock.now() > deadline) {
        const stale = rest.flatMap(({ part, lacks }) => lacks.map((what) => `${what || '/'} on ${nameOf(part)}`))
        // What a kubelet does not list at all is said by the evidence of the window.
        if (rest.some(({ part }) => lacking(part, watchedIn(watched, part), wanted, false).length > 0)) {
          throw overdue(stale, PATIENCE * wanted)
        }
        unlisted = false
        continue
      }
      if (rest.length > 0) await clock.sleep(PAUSE, signal)
    }
  }

  const learn = (watched: ReadonlyMap<string, Watched>) => {
    for (const [part, { fresh }] of watched) {
      for (const [path, readings] of fresh) idle.learn(keyOf(part, path), readings)
    }
  }

  return {
    open: async () => {
      const first = isFirst
      isFirst = false
      const isIdle = first && (arm.plan.scenario.idle ?? 0) > 0
      const opening = await watch(first && !isIdle ? 2 : 1, first)
      learn(opening)
      const openedAt = clock.now()
      return {
        close: async () => {
          const closedAt = clock.now()
          const closing = await watch(1, false)
          learn(closing)
          const brackets = new Map(
            parts.map((part) => {
              const [open, close] = [watchedIn(opening, part), watchedIn(closing, part)]
              return [part, bracketOf(open, close, openedAt, closedAt)] as const
            }),
          )
          if (isIdle) {
            for (const [part, { before, after }] of brackets) {
              for (const [path, start] of before) {
                const end = after.get(path)
                if (end) idle.learn(keyOf(part, path), [start, end])
              }
            }
          }
          const ends = [...brackets].map(([part, bracket]) => {
            return [part, interpolate(bracket, (path) => idle.of(keyOf(part, path)))] as const
          })
          const before = new Map(ends.map(([part, { open }]) => [part, open]))
          const after = new Map(ends.map(([part, { close }]) => [part, close]))
          const usage = usageBetween(before, after, pods, rules, arm.isForeign)
          const seconds = closedAt - openedAt
          const missing = missingOf(before, after, pods, rules)
          return {
            startedAt: openedAt + watchedIn(opening, 'client').clock.offset,
            seconds,
            usage,
            evidence: [kubeletAccount({ usage, seconds, missing, brackets: [...brackets.values()] })],
          }
        },
      }
    },
  }
}

export function cadvisorPath(node: string): string {
  return `/api/v1/nodes/${node}/proxy/metrics/cadvisor`
}

/** The newest readings before the window, and the oldest new ones after it; of what was not waited for, the last. */
function bracketOf(open: Watched, close: Watched, openedAt: Seconds, closedAt: Seconds): Bracket {
  const after = [...close.last.cgroups].map(([path, last]) => [path, close.fresh.get(path)?.[0] ?? last] as const)
  return {
    opened: openedAt + open.clock.offset,
    closed: closedAt + close.clock.offset,
    clockDoubt: Math.max(open.clock.doubt, close.clock.doubt),
    before: open.last.cgroups,
    after: new Map(after),
  }
}

function watchedIn(all: ReadonlyMap<string, Watched>, part: string): Watched {
  const found = all.get(part)
  if (!found) throw new TypeError(`nothing was asked of the ${part} node`)
  return found
}

const keyOf = (part: string, path: string) => `${part}/${path}`

function overdue(stale: readonly string[], waited: Seconds): Failure {
  return new Failure('usage-unreadable', `the kubelets had no new counters within ${waited} s`, {
    cause: `nothing new of ${stale.slice(0, 3).join(', ')}${stale.length > 3 ? ` and ${stale.length - 3} others` : ''}`,
    remedy:
      'A kubelet reads each container every 10 to 30 s, later if its node is overloaded: look at the load of that node.',
  })
}

const SOURCE = 'counters of the kubelets (/metrics/cadvisor), interpolated to the window by their own timestamps'

interface Account {
  readonly usage: readonly Usage[]
  /** Length of the window. */
  readonly seconds: Seconds
  /** Containers of components that no kubelet listed. */
  readonly missing: readonly string[]
  readonly brackets: readonly Bracket[]
}

/** Where CPU and memory are from, how precise they are, and which window would be long enough. */
function kubeletAccount({ usage, seconds, missing, brackets }: Account): Evidence {
  const precise = usage.filter((one) => isPreciselyWanted(one, seconds))
  const others = usage.filter((one) => !precise.includes(one))
  const worst = precise.toSorted((a, b) => shareOf(b) - shareOf(a))[0]
  const enough = worst ? seconds * (shareOf(worst) / PRECISION) : 0
  const parts = [
    `no agent: kubelet counters from ${outsideWords(brackets)} outside of a window of ${formatDuration(seconds)}`,
    ...precise.map((one) => `${words(one, seconds)} (${formatShare(shareOf(one))})`),
    ...others.filter(({ cpuError = 0 }) => cpuError > 0).map((one) => words(one, seconds)),
    ...(enough > seconds
      ? [
          `windows of ${formatDuration(Math.ceil(enough))} would keep the error of proxies and application under ${formatShare(PRECISION)}`,
        ]
      : []),
    ...(missing.length > 0 ? [`without counters: ${missing.join(', ')}`] : []),
  ]
  return { name: 'cpu-account', holds: missing.length === 0, seen: parts.join('; '), source: SOURCE }
}

function words({ component, cpuError = 0 }: Usage, seconds: Seconds): string {
  return `${component} ± ${formatNumber(cpuError / seconds, 2)} core`
}

function shareOf({ cpuSeconds, cpuError = 0 }: Usage): number {
  return cpuError / cpuSeconds
}

/** The most that a reading of a cgroup is away from the window, both ends together. */
function outsideWords(brackets: readonly Bracket[]): string {
  const outside = brackets.flatMap(({ opened, closed, before, after }) =>
    [...after].flatMap(([path, { at }]) => {
      const start = before.get(path)
      return start && at > start.at ? [Math.max(0, opened - start.at) + Math.max(0, at - closed)] : []
    }),
  )
  return `up to ${formatDuration(Math.round(Math.max(0, ...outside)))}`
}
