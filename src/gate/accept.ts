import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { baselineOf, type Load, type Scenario } from '../model/scenario.ts'
import { logRatios, pairUp } from './compared.ts'
import { objectionsTo } from './objections.ts'
import { placeText } from './pattern.ts'
import { PINNED_SCHEMA, type Pinned } from './pinned-file.ts'

/** A run as the reference of later ones. What cannot be judged cannot be accepted. */
export function accept(analysis: Analysis, { reason, at }: { reason: string; at: string }): Pinned {
  const [objection] = objectionsTo(analysis)
  if (objection) {
    throw new Failure('no-valid-data', 'this run cannot become a reference', {
      cause: objection.sentence,
      fix: objection.remedy,
    })
  }
  const { run } = analysis.record
  const { scenario } = run.plan
  const baseline = baselineOf(scenario).name
  const known = new Map(analysis.cells.map((cell) => [placeText(cell), cell.values]))
  const cells = analysis.cells.flatMap(({ arm, load, metric, values }) => {
    if (arm === baseline) return []
    const ratios = logRatios(pairUp(values, known.get(placeText({ arm: baseline, load, metric })) ?? []))
    return ratios && ratios.length > 0 ? [[placeText({ arm, load, metric }), ratios] as const] : []
  })
  return {
    schema: PINNED_SCHEMA,
    acceptedAt: at,
    reason,
    runs: [run.id],
    scenario: scenario.name,
    profile: scenario.profile,
    platform: run.provenance.platform,
    baseline,
    loads: Object.fromEntries(scenario.loads.map((load) => [load.name, asked(load)])),
    arms: armsOf(scenario),
    provenance: run.provenance,
    cells: Object.fromEntries(cells),
  }
}

/** Everything about a load that its figures depend on, in one line. */
export function asked({ name: _, ...load }: Load): string {
  return Object.entries(load)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

export function armsOf({ arms }: Pick<Scenario, 'arms'>): Record<string, string> {
  return Object.fromEntries(
    arms.map(({ name, ...arm }) => [
      name,
      Object.entries(arm)
        .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
    ]),
  )
}
