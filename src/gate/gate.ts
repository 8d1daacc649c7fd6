import type { Analysis } from '../model/analysis.ts'
import type { HistoryEntry } from '../model/history.ts'
import type { Limits } from '../model/limits.ts'
import type { GateCell, GateResult, ProvenanceChange } from '../model/verdict.ts'
import { suggest } from '../scenario/suggest.ts'
import { checkBudgets, coversNothing } from './budgets.ts'
import { changesBetweenArms, changesSince } from './changes.ts'
import { driftWarnings } from './drift.ts'
import { gateCells } from './gate-cells.ts'
import type { Objection } from './objection.ts'
import { objectionsTo } from './objections.ts'
import { candidatesOf, type Pairing, pairArms } from './pairs.ts'
import { covers } from './pattern.ts'
import type { Pinned } from './pinned-file.ts'
import { pinnedObjections } from './pinned-objections.ts'
import { seriesOf } from './series.ts'
import { summarise } from './summarise.ts'
import { waiverUses } from './waivers.ts'
import { concerns } from './why-not.ts'

export interface GateAbout {
  readonly limits: Limits
  /** A day in UTC, `2026-12-01`. */
  readonly today: string
  /** Whether what is undecided fails as well. */
  readonly strict?: boolean
  readonly pinned?: Pinned
  /** `arm/load/metric` of what breached the pinned reference in the run before. */
  readonly breached?: ReadonlySet<string>
  /** Everything that the history has; what is not of this run's series is left alone. */
  readonly history?: readonly HistoryEntry[]
  /** What was found before the run was looked at: a history that cannot be read. */
  readonly objections?: readonly Objection[]
}

/** Analysis and limits → verdict. Of files alone, and of figures that were computed once. */
export function gate(analysis: Analysis, about: GateAbout): GateResult {
  const { limits, today, pinned, breached = new Set<string>() } = about
  const { record } = analysis
  const paired = pinned ? againstPinned(analysis, pinned) : pairArms(record.run.plan.scenario, limits.reference)
  const general = [...(about.objections ?? []), ...objectionsTo(analysis), ...paired.objections]
  const { past, now } = seriesOf(analysis, about.history ?? [])
  const cells = gateCells(analysis, {
    limits,
    past: past.filter(({ run }) => !pinned?.runs.includes(run)),
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
    warnings: driftWarnings([...past, ...now], limits, pinned?.acceptedAt),
    cells,
    budgets,
    changes: changes(analysis, paired.pairs, pinned),
    waivers: waiverUses(limits.waivers, failing, today),
  })
}

function againstPinned({ record }: Analysis, pinned: Pinned): { pairs: Pairing[]; objections: Objection[] } {
  const reference = pinned.runs.join(', ')
  const arms = candidatesOf(record.run.plan.scenario)
  const vanished = Object.keys(pinned.arms)
    .filter((arm) => arm !== pinned.baseline && !record.run.plan.scenario.arms.some(({ name }) => name === arm))
    .map((arm) => ({
      rule: 'candidate-missing',
      sentence: `${arm} is in the pinned reference, and this run has no such arm.`,
      remedy: 'Measure it, or accept a reference without it.',
      arm,
      spoils: false,
    }))
  return {
    pairs: arms.map((arm) => ({ arm, reference })),
    objections: [...pinnedObjections(record, pinned), ...vanished],
  }
}

function changes({ record }: Analysis, pairs: readonly Pairing[], pinned: Pinned | undefined): ProvenanceChange[] {
  return pinned ? changesSince(record, pinned) : changesBetweenArms(record, pairs)
}

/** A misspelt rule would turn off what it was written for. */
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
      sentence: `gate.metrics names ${metric}, which is no metric.`,
      remedy: suggest(metric, names),
      spoils: false,
    })),
    ...Object.keys(limits.assert)
      .filter((pattern) => pairs.length > 0 && !places.some((place) => covers(pattern, place)))
      .map((pattern) => coversNothing('assert', pattern)),
  ]
}

/** Green without a comparison is the worst answer that a gate can give. */
function nothing(cells: readonly GateCell[], others: readonly Objection[]): Objection[] {
  if (cells.some(({ level }) => level === 'error') || others.some(({ rule }) => rule === 'nothing-compared')) return []
  return [
    {
      rule: 'nothing-compared',
      sentence: 'Nothing was judged: no cell has the level error.',
      remedy: 'Give gate.metrics a metric, and take `off` or `warn` from gate.assert or gate.defaults.',
      spoils: false,
    },
  ]
}
