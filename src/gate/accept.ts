import type { Analysis, RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { baselineOf } from '../model/scenario.ts'
import { armsOf, asked } from './asked.ts'
import { logRatios, pairUp, throughBaseline } from './compared.ts'
import type { Objection } from './objection.ts'
import { objectionsTo } from './objections.ts'
import { placeText } from './pattern.ts'
import { PINNED_SCHEMA, type Pinned } from './pinned-file.ts'
import { pinnedObjections } from './pinned-objections.ts'

/** Runs of one scenario as the reference of later ones. What cannot be judged cannot be accepted. */
export function accept(analyses: readonly Analysis[], { reason, at }: { reason: string; at: string }): Pinned {
  const [first, ...others] = analyses
  if (!first) throw new Failure('usage', 'no run was named that could become a reference')
  for (const analysis of analyses) refuse(analysis.record.run.id, objectionsTo(analysis))
  const pinned = { ...headOf(first), acceptedAt: at, reason, runs: analyses.map(({ record }) => record.run.id) }
  for (const { record } of others) refuse(record.run.id, differences(record, pinned))
  return { ...pinned, cells: cellsOf(analyses) }
}

function refuse(run: string, [objection]: readonly Objection[]): void {
  if (!objection) return
  throw new Failure('no-valid-data', `${run} cannot become a reference`, {
    cause: objection.sentence,
    fix: objection.remedy,
  })
}

/** Of the arms as well: what differs is not the same thing measured again. */
function differences(record: RunRecord, pinned: Omit<Pinned, 'cells'>): Objection[] {
  const arms = armsOf(record.run.plan.scenario)
  const changed = [...new Set([...Object.keys(arms), ...Object.keys(pinned.arms)])].filter(
    (arm) => arms[arm] !== pinned.arms[arm],
  )
  return [
    ...pinnedObjections(record, pinned),
    ...changed.map((arm) => ({
      rule: 'not-comparable',
      sentence: `The configuration of ${arm} is not that of ${pinned.runs[0]}.`,
      remedy: 'Accept runs of the same arms together.',
      arm,
      spoils: true,
    })),
  ]
}

function headOf({ record: { run } }: Analysis): Omit<Pinned, 'acceptedAt' | 'reason' | 'runs' | 'cells'> {
  const { scenario } = run.plan
  return {
    schema: PINNED_SCHEMA,
    scenario: scenario.name,
    profile: scenario.profile,
    platform: run.provenance.platform,
    baseline: baselineOf(scenario).name,
    loads: Object.fromEntries(scenario.loads.map((load) => [load.name, asked(load)])),
    arms: armsOf(scenario),
    provenance: run.provenance,
  }
}

/** Only what every one of the runs has. */
function cellsOf(analyses: readonly Analysis[]): Pinned['cells'] {
  const found = analyses.map((analysis) => new Map(ratiosOf(analysis)))
  const places = [...(found[0]?.keys() ?? [])].filter((place) => found.every((run) => run.has(place)))
  return Object.fromEntries(places.map((place) => [place, found.map((run) => run.get(place) ?? [])]))
}

function ratiosOf({ record, cells }: Analysis): (readonly [string, number[][]])[] {
  const baseline = baselineOf(record.run.plan.scenario).name
  const known = new Map(cells.map((cell) => [placeText(cell), cell.values]))
  return cells.flatMap(({ arm, load, metric, values }) => {
    if (arm === baseline) return []
    const ratios = logRatios(
      throughBaseline(pairUp(values, known.get(placeText({ arm: baseline, load, metric })) ?? [])),
    )
    return ratios && ratios.length > 0 ? [[placeText({ arm, load, metric }), ratios] as const] : []
  })
}
