import type { Load } from '../../model/scenario.ts'
import { TOOL_TRAITS } from '../../model/traits.ts'
import { list } from '../../model/words.ts'
import type { HeldView } from '../trial-view.ts'
import type { ComparisonRule } from './comparison.ts'

type Setting = readonly [title: string, read: (view: HeldView) => unknown]

/** Settings that must be the same in all arms of a load. Where a tool adds connections itself, the rule `connections-changed` checks that. */
const SETTINGS: readonly Setting[] = [
  ['version', ({ reading }) => reading.generator.version],
  [
    'connections',
    ({ reading, load }) => (TOOL_TRAITS[load.tool].addsConnections ? undefined : reading.generator.connections),
  ],
  ['even spread', ({ reading }) => reading.generator.uniform],
  ['catching up', ({ reading }) => reading.generator.catchUp],
  ['time-out', ({ reading }) => reading.generator.timeout],
  ['number of endpoints', ({ reading }) => endpoints(reading.generator.destinations)],
]

export const settingsDiffer: ComparisonRule = {
  name: 'settings-differ',
  title: 'All arms were measured with the same load',
  judge({ record, valid }) {
    const byLoad = Map.groupBy(valid, ({ load }) => load.name)
    return record.run.plan.scenario.loads.flatMap((load) =>
      SETTINGS.flatMap((setting) => differing(load, setting, byLoad.get(load.name) ?? [])),
    )
  },
}

function differing(load: Load, [title, read]: Setting, views: readonly HeldView[]) {
  const armsBySetting = new Map<unknown, Set<string>>()
  for (const view of views) {
    const value = read(view)
    const arms = armsBySetting.get(value) ?? new Set()
    armsBySetting.set(value, arms.add(view.arm.name))
  }
  if (armsBySetting.size < 2) return []
  const seen = [...armsBySetting].map(([value, arms]) => `${value ?? 'unknown'} in ${list([...arms])}`)
  return [
    {
      severity: 'invalid' as const,
      cause: `The load ${load.name} differs between arms in ${title}: ${seen.join('; ')}.`,
      effect: 'The arms had different loads, so their differences are not those of the meshes.',
      remedy: 'Run all arms with the same version and settings of the load generator.',
      load: load.name,
    },
  ]
}

function endpoints(destinations: Readonly<Record<string, number>> | undefined): number | undefined {
  return destinations && Object.keys(destinations).length
}
