import type { Generator, GeneratorReading, Measured, ScriptReading } from '../../model/result.ts'
import { MICROS, type Seconds } from '../../model/units.ts'
import { summarise } from '../../stats/quantile-intervals.ts'
import { adder, gathered, type Raw } from '../gathered.ts'
import { type LatencyHistogram, latencyHistogram } from '../histogram.ts'
import { type Candidates, pausesOf, STALL } from '../pauses.ts'

/** What of a generator's own figures comes from its requests. */
type Derived = 'late' | 'settling' | 'pauses' | 'blockedP99' | 'connectingP95'

/** What one load generator measured, before quantiles are taken: several of these can be added. */
export interface Part
  extends Pick<
    Measured,
    'tool' | 'startedAt' | 'seconds' | 'planned' | 'requests' | 'errors' | 'dropped' | 'codes' | 'bytesReceived'
  > {
  readonly raw: Raw
  /** What it says of itself. */
  readonly about: Omit<Generator, Derived>
  /** Share of requests that were due on a free connection and found it taken, since an earlier one had been sent late. */
  readonly inherited?: number
  /** Requests that may have been stalled, by time since `startedAt`. */
  readonly candidates: Candidates
  /** Times that requests waited for a connection, and that connecting took. */
  readonly waits?: { readonly blocked: LatencyHistogram; readonly connecting: LatencyHistogram }
  readonly script?: ScriptCounts
}

/** What a script of the user's did, in histograms. */
export interface ScriptCounts extends Pick<ScriptReading, 'planned' | 'iterations' | 'dropped'> {
  readonly iteration: LatencyHistogram
  /** By the path of the group. */
  readonly groups: ReadonlyMap<string, GroupCounts>
  readonly checks: readonly ScriptReading['checks'][number][]
}

export interface GroupCounts {
  readonly path: string[]
  requests: number
  errors: number
  passed: number
  failed: number
  readonly service: LatencyHistogram
  readonly whole: LatencyHistogram
}

/** The figures of a part. */
export function measuredOf(part: Part): Measured {
  const { raw, about: _, inherited: __, candidates: ___, waits: ____, script, ...counts } = part
  const figures = gathered(() => raw)
  return {
    ...counts,
    latency: figures.latency(),
    timeline: figures.timeline(),
    slices: figures.slices(),
    generator: generatorOf(part),
    ...(script && { script: scriptReading(script) }),
  }
}

function generatorOf({ raw, about, inherited, candidates, waits }: Part): Generator {
  const figures = gathered(() => raw)
  const late = figures.late()
  const settling = figures.settling()
  const median = figures.service().quantile(0.5) * MICROS
  return {
    ...about,
    ...(settling && { settling }),
    ...(late && { late: { ...late, ...(inherited !== undefined && { inherited }) } }),
    ...(about.connections > 1 && median > 0 && { pauses: pausesOf(candidates, median, about.connections) }),
    ...(waits && { blockedP99: waits.blocked.quantile(0.99), connectingP95: waits.connecting.quantile(0.95) }),
  }
}

/** What is stored of one of several generators. Its moments of pauses are in those of the whole. */
export function readingOf(
  part: Part,
  { name, node, clock }: Pick<GeneratorReading, 'name' | 'node' | 'clock'>,
): GeneratorReading {
  const { startedAt, seconds, planned, requests, errors, dropped, codes, raw, script } = part
  const { pauses, ...generator } = generatorOf(part)
  return {
    ...{ name, ...(node !== undefined && { node }), clock },
    ...{ startedAt, seconds, planned, requests, errors, dropped, codes },
    summary: {
      service: summarise(gathered(() => raw).service()),
      ...(raw.rate !== 'max' && { response: summarise(raw.response) }),
    },
    generator: { ...generator, ...(pauses && { pauses: { count: pauses.count, seconds: pauses.seconds } }) },
    ...(script && { script: { planned: script.planned, iterations: script.iterations, dropped: script.dropped } }),
  }
}

function scriptReading({ iteration, groups, ...counts }: ScriptCounts): ScriptReading {
  return {
    ...counts,
    checks: [...counts.checks],
    iteration: summarise(iteration),
    groups: [...groups.values()].map(({ service, whole, ...group }) => ({
      ...group,
      latency: summarise(service),
      ...(whole.count > 0 && { whole: summarise(whole) }),
    })),
  }
}

/** Only what may be a stall by the median of any generator: all of them would be the requests themselves. */
export function mayBeStalled({ starts, latencies }: Candidates, median: number): Candidates {
  const kept = latencies.flatMap((latency, index) => (latency > (STALL * median) / 2 ? [index] : []))
  return {
    starts: kept.map((index) => starts[index] as number),
    latencies: kept.map((index) => latencies[index] as number),
  }
}

/**
 * Adds up parts, of which nothing is kept but the sum: counts and codes are exact, histograms are added, and quantiles are taken of the
 * sum only. Its length is that in which the sum of the rates sends the requests.
 */
export function partAdder(): { add(part: Part, offset: Seconds): void; sum(): Part } {
  const raw = adder()
  const about = aboutAdder()
  const candidates: Candidates = { starts: [], latencies: [] }
  const waits = { blocked: latencyHistogram(), connecting: latencyHistogram() }
  const counts = { planned: 0, requests: 0, errors: 0, dropped: 0 }
  const codes: Record<string, number> = {}
  let [first, rate, inherited, bytes] = [Number.POSITIVE_INFINITY, 0, 0, 0] as [number, number, number, number]
  let known: { readonly part: Part; readonly offset: Seconds; readonly startedAt: Seconds } | undefined
  const has = { bytes: true, inherited: true, waits: true }
  const scripts: ScriptCounts[] = []
  return {
    add(part, offset) {
      const startedAt = part.startedAt - offset
      known ??= { part, offset, startedAt }
      for (const key of ['planned', 'requests', 'errors', 'dropped'] as const) counts[key] += part[key]
      for (const [code, count] of Object.entries(part.codes)) codes[code] = (codes[code] ?? 0) + count
      raw.add(part.raw)
      about.add(part)
      first = Math.min(first, startedAt)
      if (part.requests > 0 && part.seconds > 0) rate += part.requests / part.seconds
      has.bytes &&= part.bytesReceived !== undefined
      has.inherited &&= part.inherited !== undefined
      has.waits &&= part.waits !== undefined
      bytes += part.bytesReceived ?? 0
      inherited += (part.inherited ?? 0) * part.requests
      // All moments are counted from the start of the first that was added.
      const later = (startedAt - known.startedAt) * MICROS
      for (const [index, start] of part.candidates.starts.entries()) {
        candidates.starts.push(start + later)
        candidates.latencies.push(part.candidates.latencies[index] as number)
      }
      if (part.waits) {
        waits.blocked.add(part.waits.blocked)
        waits.connecting.add(part.waits.connecting)
      }
      if (part.script) scripts.push(part.script)
    },
    sum() {
      if (!known) throw new TypeError('a load has a generator')
      const { part, offset, startedAt } = known
      const earlier = (startedAt - first) * MICROS
      return {
        tool: part.tool,
        // By the clock of the first generator, as if there were no other.
        startedAt: first + offset,
        seconds: rate > 0 ? counts.requests / rate : part.seconds,
        ...counts,
        codes,
        ...(has.bytes && { bytesReceived: bytes }),
        raw: raw.sum(),
        about: about.sum(),
        ...(has.inherited && { inherited: inherited / Math.max(1, counts.requests) }),
        candidates: {
          starts: candidates.starts.map((start) => start + earlier),
          latencies: candidates.latencies,
        },
        ...(has.waits && { waits }),
        ...(scripts.length > 0 && { script: scripts.reduce(addedScripts) }),
      }
    },
  }
}

function aboutAdder(): { add(part: Part): void; sum(): Part['about'] } {
  const all: { readonly about: Part['about']; readonly requests: number }[] = []
  const values = <Value>(of: (about: Part['about']) => Value | undefined) =>
    all.flatMap(({ about, requests }) => {
      const value = of(about)
      return value === undefined ? [] : [{ value, requests }]
    })
  /** Of figures that all of them have. */
  const total = (of: (about: Part['about']) => number | undefined) => {
    const known = values(of)
    return known.length < all.length ? undefined : known.reduce((sum, { value }) => sum + value, 0)
  }
  const mean = (of: (about: Part['about']) => number | undefined) => {
    const known = values(of)
    const requests = known.reduce((sum, one) => sum + one.requests, 0)
    if (known.length < all.length || requests === 0) return undefined
    return known.reduce((sum, one) => sum + one.value * one.requests, 0) / requests
  }
  const largest = (of: (about: Part['about']) => number | undefined) =>
    values(of).reduce<number | undefined>(
      (most, { value }) => (Math.abs(value) > Math.abs(most ?? 0) ? value : most),
      undefined,
    )
  return {
    add: ({ about, requests }) => void all.push({ about, requests }),
    sum() {
      const answers = values(({ answer }) => answer).map(({ value }) => value)
      const answered = mean(({ answer }) => answer?.mean)
      const reached = values(({ destinations }) => destinations)
      const flags = (of: (about: Part['about']) => boolean | undefined) => {
        const known = values(of)
        return known.length < all.length ? undefined : known.every(({ value }) => value)
      }
      return defined({
        version: all[0]?.about.version,
        connections: total(({ connections }) => connections) ?? 0,
        fallingBehind: mean(({ fallingBehind }) => fallingBehind),
        uniform: flags(({ uniform }) => uniform),
        catchUp: flags(({ catchUp }) => catchUp),
        sockets: total(({ sockets }) => sockets),
        resent: total(({ resent }) => resent),
        clockStep: largest(({ clockStep }) => clockStep),
        socketsOfWorst: largest(({ socketsOfWorst }) => socketsOfWorst),
        connect: mean(({ connect }) => connect),
        answer:
          answered === undefined
            ? undefined
            : {
                min: Math.min(...answers.map(({ min }) => min)),
                max: Math.max(...answers.map(({ max }) => max)),
                mean: answered,
              },
        destinations: reached.length === 0 ? undefined : addedRecords(reached.map(({ value }) => value)),
        timeouts: total(({ timeouts }) => timeouts),
        timeout: all[0]?.about.timeout,
        scriptShare: mean(({ scriptShare }) => scriptShare),
        messages: [...new Set(all.flatMap(({ about }) => about.messages))].slice(0, MESSAGES),
      })
    },
  }
}

/** Warnings that are kept of all generators together. */
const MESSAGES = 20

type WithoutUndefined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> }

function defined<T extends object>(values: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>
}

function addedRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const record of records) for (const [key, value] of Object.entries(record)) sum[key] = (sum[key] ?? 0) + value
  return sum
}

function addedScripts(one: ScriptCounts, other: ScriptCounts): ScriptCounts {
  const iteration = latencyHistogram()
  for (const { iteration: own } of [one, other]) iteration.add(own)
  const groups = new Map<string, GroupCounts>()
  for (const [path, group] of [...one.groups, ...other.groups]) {
    const sum = groups.get(path) ?? emptyGroup(group.path)
    groups.set(path, sum)
    for (const key of ['requests', 'errors', 'passed', 'failed'] as const) sum[key] += group[key]
    sum.service.add(group.service)
    sum.whole.add(group.whole)
  }
  const checks = new Map<string, ScriptReading['checks'][number]>()
  for (const check of [...one.checks, ...other.checks]) {
    const key = JSON.stringify([check.group, check.name])
    const { passed = 0, failed = 0 } = checks.get(key) ?? {}
    checks.set(key, { ...check, passed: passed + check.passed, failed: failed + check.failed })
  }
  return {
    planned: one.planned + other.planned,
    iterations: one.iterations + other.iterations,
    dropped: one.dropped + other.dropped,
    iteration,
    groups,
    checks: [...checks.values()],
  }
}

export function emptyGroup(path: string[]): GroupCounts {
  return {
    ...{ path, requests: 0, errors: 0, passed: 0, failed: 0 },
    service: latencyHistogram(),
    whole: latencyHistogram(),
  }
}
