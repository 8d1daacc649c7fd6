import { seriesOf } from '../analyse/over-runs/trends.ts'
import type { Analysis } from '../model/analysis.ts'
import type { HistoryEntry } from '../model/history.ts'
import type { Limits } from '../model/limits.ts'
import type { Pinned } from '../model/pinned.ts'
import type { Suspect } from '../model/result.ts'
import type { GateFinding, GateResult, Objection } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { checkBudgets, waiverUses } from './budgets.ts'
import { driftWarnings, provenanceChanges } from './changes.ts'
import { gateCells } from './gate-cells.ts'
import { concerns, equalArmsDiffer, nothing, objectionsTo, tooLenient, uncovered } from './objections.ts'
import { notCompared, pairArms } from './pairings.ts'
import { againstPinned } from './reference.ts'
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
  const { scenario } = record.run.plan
  const paired = pinned ? againstPinned(analysis, pinned, today) : pairArms(scenario, limits.reference)
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
  const waivers = waiverUses(limits.waivers, failing, today)
  const namesPairs = !pinned && typeof limits.reference !== 'string'
  const warnings = [
    ...noDigests(record),
    ...driftWarnings([...past, ...now], limits, pinned?.acceptedAt),
    ...(namesPairs ? notCompared(scenario, paired.pairs) : []),
  ]
  const changes = provenanceChanges(record, paired.pairs, pinned)
  const mode = pinned ? 'pinned' : 'arms'
  const strict = about.strict ?? false
  return summarise({ analysis, limits, strict, mode, objections, warnings, cells, budgets, changes, waivers })
}

function noDigests({ undigested = 0 }: Analysis['record']): GateFinding[] {
  if (undigested === 0) return []
  const what = count(undigested, 'trial')
  const message = `The journal of the run has no digest of ${what}, so a change of their files would not be noticed.`
  return [{ rule: 'no-digests', severity: 'note', message }]
}

/** Arms and loads that need more blocks. Metrics are not listed, since a trial measures all of them. */
export function suspectsOf({ cells }: Pick<GateResult, 'cells'>): Suspect[] {
  const found = cells.filter(({ suspected, waived }) => suspected && !waived)
  const distinct = new Map(
    found.map(({ arm, reference, load }) => [JSON.stringify([arm, reference, load]), { arm, reference, load }]),
  )
  return [...distinct.values()]
}
