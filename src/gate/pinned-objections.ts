import type { RunRecord } from '../model/analysis.ts'
import { machineClass } from '../model/machine-class.ts'
import { baselineOf } from '../model/scenario.ts'
import { armsOf, asked } from './asked.ts'
import type { Objection } from './objection.ts'
import type { Pinned } from './pinned-file.ts'

/** What has to be the same in a run and in the reference that it is held against. */
export function pinnedObjections({ run }: RunRecord, pinned: Omit<Pinned, 'cells'>): Objection[] {
  const { scenario } = run.plan
  const baseline = baselineOf(scenario).name
  const facts: [string, string | undefined, string | undefined][] = [
    ['platform', pinned.platform, run.provenance.platform],
    ['profile', pinned.profile, scenario.profile],
    ['baseline', pinned.baseline, baseline],
    ['configuration of the baseline', pinned.arms[pinned.baseline], armsOf(scenario)[baseline]],
  ]
  const then = machineClass(pinned.provenance.machine)
  const now = machineClass(run.provenance.machine)
  for (const [what, seen] of Object.entries(then)) facts.push([what, seen, now[what]])
  const everywhere = facts.flatMap(([what, before, after]) => differs(what, before, after))
  const loads = scenario.loads.flatMap((load) => {
    const before = pinned.loads[load.name]
    return before === undefined ? [] : differs(`load ${load.name}`, before, asked(load), load.name)
  })
  return [...everywhere, ...loads]
}

function differs(what: string, before: string | undefined, after: string | undefined, load?: string): Objection[] {
  if (before === after) return []
  return [
    {
      rule: 'not-comparable',
      sentence: `This run and its reference differ in ${what}: ${after ?? 'none'} now, ${before ?? 'none'} then.`,
      remedy: 'Measure under the same circumstances, or accept a new reference: meshbench gate accept --reason …',
      ...(load === undefined ? {} : { load }),
      spoils: true,
    },
  ]
}
