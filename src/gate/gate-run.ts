import { historyEntries } from '../analyse/over-runs/trends.ts'
import type { Analysis } from '../model/analysis.ts'
import { type HistoryEntry, seriesKey } from '../model/history.ts'
import type { CellLimits, Limits, Pairing } from '../model/limits.ts'
import type { Suspect } from '../model/result.ts'
import { formatChange, formatShare } from '../model/units.ts'
import type { GateCell, GateFinding, GateResult, Objection, ProvenanceChange } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { checkBudgets, coversNothing, waiverUses } from './budgets.ts'
import { changesBetweenArms, changesSince, driftWarnings } from './changes.ts'
import { gateCells } from './gate-cells.ts'
import { doubtsAbout, objectionsTo, pinnedObjections } from './objections.ts'
import { candidatesOf, notCompared, pairArms } from './pairings.ts'
import { covers } from './read-limits.ts'
import type { Pinned } from './reference.ts'
import { concerns } from './sentences.ts'
import { summarise } from './summarise.ts'

export interface GateAbout {
  readonly limits: Limits
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
  /** Whether undecided cells fail the gate. */
  readonly strict?: boolean
  readonly pinned?: Pinned
  /** `arm/load/metric` of what breached the pinned reference in the run before. */
  readonly breached?: ReadonlySet<string>
  /** The whole history; entries outside this run's series are ignored. */
  readonly history?: readonly HistoryEntry[]
  /** Objections from outside the run, such as a history that cannot be read. */
  readonly objections?: readonly Objection[]
}

/** Makes the verdict from an analysis and limits. It reads files only, and uses the figures of the analysis. */
export function gate(analysis: Analysis, about: GateAbout): GateResult {
  const { limits, today, pinned, breached = new Set<string>() } = about
  const { record } = analysis
  const paired = pinned ? againstPinned(analysis, pinned, today) : pairArms(record.run.plan.scenario, limits.reference)
  const general = [
    ...(about.objections ?? []),
    ...objectionsTo(analysis, today),
    ...tooLenient(limits, today),
    ...paired.objections,
    ...equalArmsDiffer(analysis, limits, paired.pairs),
  ]
  const { past, now } = seriesOf(analysis, about.history ?? [])
  const cells = gateCells(analysis, {
    limits,
    past: past.filter(({ run }) => !pinned?.runs.includes(run)),
    series: { past, now },
    pairs: paired.pairs,
    objections: general,
    today,
    breached,
    ...(pinned && { pinned }),
  })
  const spoiled = (cell: { arm: string; load: string; metric: string }) =>
    general.some((objection) => objection.spoils && concerns(objection, cell))
  const { budgets, objections: ofBudgets } = checkBudgets(analysis, limits, { today, spoiled })
  const objections = [
    ...general,
    ...ofBudgets,
    ...uncovered(limits, analysis, paired.pairs),
    ...nothing(cells, general),
  ]
  const failing = [
    ...cells.filter(({ verdict }) => verdict === 'regression' || verdict === 'inconclusive'),
    ...budgets.filter(({ verdict }) => verdict === 'broken'),
  ].map(({ arm, load, metric }) => ({ arm, load, metric: metric.name }))
  return summarise({
    analysis,
    limits,
    strict: about.strict ?? false,
    mode: pinned ? 'pinned' : 'arms',
    objections,
    warnings: [
      ...noDigests(record),
      ...driftWarnings([...past, ...now], limits, pinned?.acceptedAt),
      ...(pinned || typeof limits.reference === 'string' ? [] : notCompared(record.run.plan.scenario, paired.pairs)),
    ],
    cells,
    budgets,
    changes: changes(analysis, paired.pairs, pinned),
    waivers: waiverUses(limits.waivers, failing, today),
  })
}

function againstPinned(
  analysis: Analysis,
  pinned: Pinned,
  today: string,
): { pairs: Pairing[]; objections: Objection[] } {
  const { record } = analysis
  const reference = pinned.runs.join(', ')
  const arms = candidatesOf(record.run.plan.scenario)
  const vanished = Object.keys(pinned.arms)
    .filter((arm) => arm !== pinned.baseline && !record.run.plan.scenario.arms.some(({ name }) => name === arm))
    .map((arm) => ({
      rule: 'candidate-missing',
      message: `The pinned reference has the arm ${arm}, but this run does not.`,
      remedy: 'Measure it, or accept a reference without it.',
      arm,
      spoils: false,
    }))
  return {
    pairs: arms.map((arm) => ({ arm, reference })),
    objections: [...pinnedObjections(record, pinned), ...doubtsAbout(analysis, pinned, today), ...vanished],
  }
}

function changes({ record }: Analysis, pairs: readonly Pairing[], pinned: Pinned | undefined): ProvenanceChange[] {
  return pinned ? changesSince(record, pinned) : changesBetweenArms(record, pairs)
}

/** Reports metrics and patterns that match nothing: a misspelt rule would have no effect. */
function uncovered(limits: Limits, { metrics, record }: Analysis, pairs: readonly Pairing[]): Objection[] {
  const names = metrics.map(({ name }) => name)
  const unknown = limits.metrics.filter((metric) => !names.includes(metric))
  const { loads } = record.run.plan.scenario
  const places = pairs.flatMap(({ arm }) =>
    loads.flatMap(({ name: load }) => names.map((metric) => ({ arm, load, metric }))),
  )
  return [
    ...unknown.map((metric) => ({
      rule: 'unknown-metric',
      message: `gate.metrics names ${metric}, which is not a metric.`,
      remedy: suggest(metric, names),
      spoils: false,
    })),
    ...Object.keys(limits.assert)
      .filter((pattern) => pairs.length > 0 && !places.some((place) => covers(pattern, place)))
      .map((pattern) => coversNothing('assert', pattern)),
  ]
}

function noDigests({ undigested = 0 }: Analysis['record']): GateFinding[] {
  if (undigested === 0) return []
  const what = count(undigested, 'trial')
  const message = `The journal of the run has no digest of ${what}, so a change of their files would not be noticed.`
  return [{ rule: 'no-digests', severity: 'note', message }]
}

/**
 * An A/A pair whose whole interval lies beyond the margin: this run finds differences where there are none, so it neither
 * finds nor excludes one of the candidate. A pair that is judged itself is left to its cells.
 */
function equalArmsDiffer({ noise }: Analysis, { defaults, metrics }: Limits, pairs: readonly Pairing[]): Objection[] {
  const judged = new Set(pairs.map(({ arm }) => arm))
  return noise.flatMap(({ arm, load, metric, ratio: { center, lo = center, hi = center } }) => {
    const beyond = Math.log(lo) > Math.log1p(defaults.margin) || Math.log(hi) < -Math.log1p(defaults.margin)
    if (judged.has(arm) || !metrics.includes(metric) || !beyond) return []
    return [
      {
        rule: 'equal-arms-differ',
        message: `${metric} of ${arm} under ${load} differs by ${formatChange(center)} from the arm that it repeats, which is more than the margin of ${formatShare(defaults.margin)}.`,
        remedy: 'Find what differs between equal arms, and start a new run.',
        load,
        metric,
        spoils: true,
      },
    ]
  })
}

/** A cell may be this much worse and pass, at most. */
const WIDEST_MARGIN = 0.5
/** A waiver may last this many days at most. */
const LONGEST_WAIVER = 366

/** Limits under which nothing can fail: a gate that is switched off must not look like one that passes. */
function tooLenient({ defaults, assert, waivers }: Limits, today: string): Objection[] {
  const rules: [string, Partial<CellLimits>][] = [
    ['gate.defaults', defaults],
    ...Object.entries(assert).map(([pattern, rule]): [string, Partial<CellLimits>] => [
      `gate.assert of ${pattern}`,
      { ...defaults, ...(typeof rule === 'string' ? {} : rule[1]) },
    ]),
  ]
  const last = Date.parse(today) + LONGEST_WAIVER * DAY
  return [
    ...rules.flatMap(([where, { margin = 0, minEffect = 0 }]) => {
      const message =
        margin > WIDEST_MARGIN
          ? `${where} has a margin of ${formatShare(margin)}, so almost any cell would pass.`
          : minEffect > margin
            ? `${where} has a minEffect of ${formatShare(minEffect)} above its margin of ${formatShare(margin)}, so a cell outside of its margin would be no regression.`
            : undefined
      const remedy = `Set a margin of at most ${formatShare(WIDEST_MARGIN)}, and a minEffect of at most that margin.`
      return message === undefined ? [] : [{ rule: 'limits-too-wide', message, remedy, spoils: false }]
    }),
    ...rules.flatMap(([where, { spread, night }]) =>
      [spread, night].flatMap((one) => {
        const what = one === night ? 'runSpread' : 'spread'
        if (!one || one.deviation <= WIDEST_MARGIN) return []
        const message = `${where} has a ${what} of ${formatShare(one.deviation)}, so hardly any cell could be decided.`
        const remedy = `Measure how far equal arms lie apart, and set a deviation of at most ${formatShare(WIDEST_MARGIN)}.`
        return [{ rule: 'limits-too-wide', message, remedy, spoils: false }]
      }),
    ),
    ...waivers.flatMap(({ match, until }) => {
      if (until < today || !covers(match, ANYWHERE)) return []
      const message = `The waiver for ${match} covers every cell, so nothing could fail.`
      const remedy = 'Name the arm, the load or the metric that is known to be worse.'
      return [{ rule: 'waives-everything', message, remedy, spoils: false }]
    }),
    ...waivers.flatMap(({ match, until }) => {
      if (Date.parse(until) <= last) return []
      const message = `The waiver for ${match} lasts until ${until}, so nobody would look at it again.`
      return [{ rule: 'waiver-too-long', message, remedy: 'Choose a day within a year.', spoils: false }]
    }),
  ]
}

const DAY = 86_400_000
/** A cell that no run has, so that only a pattern of nothing but `*` covers it. */
const ANYWHERE = { arm: ' ', load: ' ', metric: ' ' }

/** Objects where nothing was judged: a gate must not pass without a comparison. */
function nothing(cells: readonly GateCell[], others: readonly Objection[]): Objection[] {
  if (cells.some(({ level }) => level === 'error') || others.some(({ rule }) => rule === 'nothing-compared')) return []
  return [
    {
      rule: 'nothing-compared',
      message: 'Nothing was judged: no cell has the level error.',
      remedy: 'Add a metric to gate.metrics, or remove `off` or `warn` from gate.assert or gate.defaults.',
      spoils: false,
    },
  ]
}

/** The series that a run continues: the same arm, load, machine, platform and profile. */
interface Series {
  /** Of this run. */
  readonly now: readonly HistoryEntry[]
  /** Oldest first, without this run and later ones. */
  readonly past: readonly HistoryEntry[]
}

/** Of everything that a history has. */
export function seriesOf(analysis: Analysis, history: readonly HistoryEntry[]): Series {
  if (history.length === 0) return { now: [], past: [] }
  const { id, startedAt } = analysis.record.run
  const now = historyEntries(analysis)
  const current = new Set(now.map(seriesKey))
  const past = history
    .filter((entry) => entry.run !== id && entry.startedAt < startedAt && current.has(seriesKey(entry)))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  return { now, past }
}

/** Arms and loads that need more blocks. Metrics are not listed, since a trial measures all of them. */
export function suspectsOf({ cells }: Pick<GateResult, 'cells'>): Suspect[] {
  const found = cells.filter(({ suspected, waived }) => suspected && !waived)
  const distinct = new Map(
    found.map(({ arm, reference, load }) => [JSON.stringify([arm, reference, load]), { arm, reference, load }]),
  )
  return [...distinct.values()]
}
