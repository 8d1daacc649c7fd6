import { lentTo } from '../analyse/lending.ts'
import { TAIL } from '../analyse/samples.ts'
import { hasTypicalSecond } from '../analyse/tail.ts'
import type { Analysis } from '../model/analysis.ts'
import type { HistoryEntry } from '../model/history.ts'
import type { Limits } from '../model/limits.ts'
import { baselineOf, type Load, type Scenario } from '../model/scenario.ts'
import type { CohortSpread } from '../stats/nested.ts'
import { cellLimits } from './cell-limits.ts'
import { type Compared, comparePaired, comparePinned, type Lookup, lookUp } from './compared.ts'
import { nightSpread } from './nights.ts'
import type { Pairing } from './pairs.ts'
import { type Place, placeText } from './pattern.ts'
import type { Pinned } from './pinned-file.ts'

export interface CompareAbout {
  readonly limits: Limits
  readonly pairs: readonly Pairing[]
  readonly pinned?: Pinned
  /** Of the series of this run, without itself: see `series.ts`. */
  readonly past?: readonly HistoryEntry[]
}

/** Every candidate under every load and metric that is judged at all, beside its reference. */
export function compareAll({ cells, record, metrics }: Analysis, about: CompareAbout): Compared[] {
  const lookup = lookUp({ cells, record })
  const { scenario } = record.run.plan
  return about.pairs.flatMap(({ arm, reference }) =>
    scenario.loads.flatMap((load) =>
      metrics.flatMap((info): Compared[] => {
        const place = { arm, load: load.name, metric: info.name }
        const { level, ...own } = tailLimits(about.limits, place, load)
        if (level === 'off' || isNothing(lookup, reference, place)) return []
        const limits = { ...own, level }
        return [compareOne({ ...place, reference, info, limits }, about, lookup, scenario)]
      }),
    ),
  )
}

/** A load whose window is too short for the p99 of a typical second, by its plan, is judged by its p99 instead. */
function tailLimits(limits: Limits, place: Place, load: Load): ReturnType<typeof cellLimits> {
  const own = cellLimits(limits, place)
  if (hasTypicalSecond(load)) return own
  if (place.metric === TAIL) return { ...own, level: 'off' }
  return place.metric === 'p99' && own.level === 'off' ? cellLimits(limits, { ...place, metric: TAIL }) : own
}

/** Two arms without a mesh have none of its CPU, and there is nothing to judge. */
function isNothing(lookup: Lookup, reference: string, { arm, load, metric }: Place): boolean {
  const values = [arm, reference].map((name) => lookup.values(name, load, metric))
  return values.every((own) => own.length > 0 && own.every(({ value }) => value === 0))
}

type Subject = Pick<Compared, 'arm' | 'reference' | 'load' | 'metric' | 'info' | 'limits'>

function compareOne(subject: Subject, about: CompareAbout, lookup: Lookup, scenario: Scenario): Compared {
  const { pinned, past = [] } = about
  const stated = subject.limits.spread && {
    deviation: subject.limits.spread.deviation,
    freedom: subject.limits.spread.cohorts,
  }
  if (!pinned) {
    const spread = stated ?? lentIn(scenario, subject, lookup)
    return comparePaired({ ...subject, ...(spread && { spread }) }, lookup)
  }
  const runs = pinned.cells[placeText(subject)] ?? []
  const nights = nightSpread(subject, runs, past)
  const reference = { runs, ...(nights && { nights }) }
  return comparePinned({ ...subject, ...(stated && { spread: stated }) }, lookup, baselineOf(scenario).name, reference)
}

/** Where the limits say nothing: what arms equal to candidate or reference show, if there are several cohorts. */
function lentIn(
  scenario: Scenario,
  { arm, reference, load, metric }: Subject,
  lookup: Lookup,
): CohortSpread | undefined {
  const known = scenario.arms.map((one) => ({ arm: one, values: lookup.values(one.name, load, metric) }))
  const [own, other] = [arm, reference].map((name) => known.find((one) => one.arm.name === name))
  if (!own || !other || new Set(own.values.map(({ cohort }) => cohort)).size < 2) return undefined
  return lentTo(own.arm, other.arm, known).onLogs
}
