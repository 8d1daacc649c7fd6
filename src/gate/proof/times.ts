import { isDeepStrictEqual } from 'node:util'
import type { Analysis, TrialDetails } from '../../model/analysis.ts'
import type { Trial } from '../../model/plan.ts'
import type { HeldReading, HeldResult, Outcome, Reading } from '../../model/result.ts'
import { traitsOf } from '../../model/traits.ts'
import type { Objection } from '../../model/verdict.ts'

/** Whether every trial was measured once, by itself, and in the order of the plan. */
export const TIMES = [overlapping, copied, outOfOrder, impossibleTimes]

/** Groups of trials that one machine measured one after the other, in the order of the schedule. A shard measures some loads of some cohorts. */
function schedules({ record }: Analysis): HeldResult[][] {
  const isMerged = record.run.provenance.mergedFrom !== undefined
  const byMachine = Map.groupBy(record.results, ({ trial }) =>
    isMerged ? `${trial.cohort} ${trial.load}` : trial.cohort,
  )
  return [...byMachine.values()].map((results) => results.toSorted((a, b) => a.trial.order - b.trial.order))
}

/**
 * Trials of a block must run together: a trial that did not run in the order of the schedule cannot be paired. The window has
 * a time of its own, by which an outcome under the wrong trial is noticed.
 */
function outOfOrder(analysis: Analysis): Objection[] {
  return schedules(analysis).flatMap((results) => [
    ...notRising(results, ({ startedAt }) => Date.parse(startedAt)),
    ...notRising(
      results.filter(({ outcome }) => outcome.status === 'measured'),
      ({ outcome }) => (outcome.status === 'measured' ? outcome.reading.startedAt : Number.NaN),
    ),
  ])
}

function notRising(results: readonly HeldResult[], timeOf: (result: HeldResult) => number): Objection[] {
  return results.flatMap((result, index) => {
    const before = results[index - 1]
    if (!before || !(timeOf(result) < timeOf(before))) return []
    return [
      spoiled(
        result.trial,
        'out-of-order',
        `Trial ${result.trial.id} started before ${before.trial.id}, which comes first in the schedule.`,
        'Trials of a block must be measured together: start a new run, and do not move its files.',
      ),
    ]
  })
}

/** How far the clocks of generator and harness may differ, in milliseconds. */
const CLOCKS = 5000
/** A trial takes at least this share of its window: its clock may have been set meanwhile. */
const SHORTEST = 0.95

/** A trial cannot end before it starts, be shorter than its window, start before its run, or end in the future. */
function impossibleTimes({ record }: Analysis, today?: string): Objection[] {
  const { startedAt } = record.run
  const future = today === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${today}T23:59:59.999Z`)
  const isReal = traitsOf(record.run.provenance.platform)?.arms !== 'effects'
  return record.results.flatMap(({ trial, startedAt: from, endedAt: to, outcome }) => {
    const [start, end, begun] = [from, to, startedAt].map((time) => Date.parse(time)) as [number, number, number]
    const reading = isReal && outcome.status === 'measured' ? outcome.reading : undefined
    const window = (reading?.startedAt ?? Number.NaN) * 1000
    const wrong = [
      ...([start, end, begun].some(Number.isNaN) ? ['has no time'] : []),
      ...(end < start ? ['ended before it started'] : []),
      ...(start < begun ? ['started before its run'] : []),
      ...(end > future ? ['ended in the future'] : []),
      ...(window < start - CLOCKS || window > end + CLOCKS ? ['was measured at another time'] : []),
      ...(reading && end - start < SHORTEST * reading.seconds * 1000 ? ['was shorter than its window'] : []),
    ]
    const [first] = wrong
    if (first === undefined) return []
    return [
      spoiled(
        trial,
        'impossible-times',
        `Trial ${trial.id} ${first} (${from} to ${to}).`,
        'Set the clock of the machine that measures, and start a new run.',
      ),
    ]
  })
}

function overlapping(analysis: Analysis): Objection[] {
  return schedules(analysis).flatMap((results) => {
    const timed = results.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
    return timed.flatMap((result, index) => {
      const before = timed[index - 1]
      if (!before || Date.parse(result.startedAt) >= Date.parse(before.endedAt)) return []
      return [
        spoiled(
          result.trial,
          'overlapping-trials',
          `Trials ${before.trial.id} and ${result.trial.id} were measured at the same time.`,
          'Trials must not overlap: start a new run.',
        ),
      ]
    })
  })
}

/** Fewer requests than this may by chance have the same latencies, to the microsecond, as those of another trial. */
const TELLING = 100

/** What no two trials have in common: by any of these, a copy is known although the others were changed. */
function printsOf({ requests, errors, checksums, observation }: HeldReading, isReal: boolean): [Print, Value][] {
  if (requests - errors < TELLING) return []
  const used = observation.usage.filter(({ cpuSeconds }) => cpuSeconds > 0)
  return [
    ...(checksums
      ? ([
          ['service', checksums.histogram],
          ['timeline', checksums.seconds],
        ] as [Print, number][])
      : []),
    // The simulation has no clock that counts CPU to the nanosecond.
    ...(isReal && used.length > 0
      ? [
          [
            'usage',
            JSON.stringify(used.map(({ component, cpuSeconds, memoryBytes }) => [component, cpuSeconds, memoryBytes])),
          ] as [Print, string],
        ]
      : []),
  ]
}

type Print = 'service' | 'timeline' | 'usage'
type Value = string | number

function copied({ record }: Analysis): Objection[] {
  const seen = { service: new Map<Value, Trial>(), timeline: new Map<Value, Trial>(), usage: new Map<Value, Trial>() }
  const isReal = traitsOf(record.run.provenance.platform)?.arms !== 'effects'
  const known = new Set<string>()
  return record.results.flatMap(({ trial, outcome }) => {
    if (outcome.status === 'failed') return []
    const alike = printsOf(outcome.reading, isReal).flatMap(([print, value]) => {
      const other = seen[print].get(value)
      seen[print].set(value, trial)
      return other ? [{ print, other }] : []
    })
    // The first copy spoils all cells of its arm and load: of a run of nothing but copies, each would be read again and named.
    const cells = JSON.stringify([trial.arm, trial.load])
    if (known.has(cells)) return []
    const other = alike.find((one) => isSame(one.print, one.other, trial, record.details))?.other
    if (!other) return []
    known.add(cells)
    return [
      spoiled(
        trial,
        'copied-trial',
        `Trials ${other.id} and ${trial.id} contain the same measurement.`,
        'A measurement counts once: restore the files of this run, or start a new run.',
      ),
    ]
  })
}

/** Checksums of different trials may agree by chance, so these are read again. */
function isSame(print: Print, one: Trial, other: Trial, details: TrialDetails): boolean {
  if (print === 'usage') return true
  const [a, b] = [one, other].map(({ id }) => details(id).outcome) as [Outcome, Outcome]
  if (a.status === 'failed' || b.status === 'failed') return false
  if (print === 'service') return a.reading.latency.service === b.reading.latency.service
  const line = ({ timeline: { p50, p90, p99, max } }: Reading) => [p50, p90, p99, max]
  return isDeepStrictEqual(line(a.reading), line(b.reading))
}

function spoiled({ arm, load }: Trial, rule: string, message: string, remedy: string): Objection {
  return { rule, message, remedy, arm, load, spoils: true }
}
