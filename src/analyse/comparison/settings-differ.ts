import type { Load } from '../../model/scenario.ts'
import { TOOL_TRAITS } from '../../model/traits.ts'
import { formatShare } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import { told } from '../capacity/goal.ts'
import type { HeldView } from '../trial-view.ts'
import type { ComparisonRule } from './comparison.ts'

type Setting = readonly [title: string, read: (view: HeldView) => unknown]

/** Settings that must be the same in all arms of a load. Where a tool adds connections itself, the rule `connections-changed` checks that. */
const SETTINGS: readonly Setting[] = [
  ['tool', ({ reading }) => reading.tool],
  ['version', ({ reading }) => reading.generator.version],
  [
    'connections',
    ({ reading, load }) => (TOOL_TRAITS[load.tool].addsConnections ? undefined : reading.generator.connections),
  ],
  ['even spread', ({ reading }) => reading.generator.uniform],
  ['catching up', ({ reading }) => reading.generator.catchUp],
  ['time-out', ({ reading }) => reading.generator.timeout],
  ['number of endpoints', ({ reading }) => endpoints(reading.generator.destinations)],
  ['what the load generator reports', ({ reading }) => REPORTED.filter((what) => what in reading.generator).join(', ')],
]

/** What validity rules read. Where it is absent they find nothing, so an arm without it would be judged by fewer rules. */
const REPORTED = ['late', 'answer', 'sockets', 'destinations', 'resent', 'timeouts'] as const

export const settingsDiffer: ComparisonRule = {
  name: 'settings-differ',
  title: 'All arms were measured with the same load',
  problem: 'Arms were measured with different loads',
  judge({ record, valid }) {
    const byLoad = Map.groupBy(valid.filter(isCarried), ({ load }) => load.name)
    return record.run.plan.scenario.loads.flatMap((load) => [
      ...SETTINGS.flatMap((setting) => differing(load, setting, byLoad.get(load.name) ?? [])),
      ...reopening(load, byLoad.get(load.name) ?? []),
    ])
  },
}

/** Of a search only trials that met its goal: beyond it connections break and are opened again, as under an operation, in some arms earlier than in others. */
function isCarried({ load: { capacity, operation }, reading }: HeldView): boolean {
  if (operation !== undefined) return false
  return !capacity || told(reading, capacity, false) === 'under'
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

/** Share of requests by which arms may differ in how many opened a connection. */
const REOPENED = 0.02

/** Connections that one arm keeps open and another opens anew for each request: their handshakes are in the latency. */
function reopening(load: Load, views: readonly HeldView[]) {
  const known = views.filter(({ reading }) => reading.generator.sockets !== undefined)
  const shares = [...Map.groupBy(known, ({ arm }) => arm.name)].map(([arm, those]) => ({
    arm,
    share:
      those.reduce((sum, { reading: { generator, requests } }) => {
        return sum + Math.max(0, (generator.sockets ?? 0) - generator.connections) / Math.max(1, requests)
      }, 0) / those.length,
  }))
  const [least, most] = [
    shares.toSorted((a, b) => a.share - b.share)[0],
    shares.toSorted((a, b) => b.share - a.share)[0],
  ]
  if (!least || !most || most.share - least.share <= REOPENED) return []
  return [
    {
      severity: 'invalid' as const,
      cause: `Under ${load.name}, ${formatShare(most.share)} of the requests opened a connection in ${most.arm}, and ${formatShare(least.share)} in ${least.arm}.`,
      effect: 'Latencies of one arm include new connections and their handshakes.',
      remedy: 'Find what closes the connections: a limit on requests, an idle time-out, or errors.',
      load: load.name,
    },
  ]
}

function endpoints(destinations: Readonly<Record<string, number>> | undefined): number | undefined {
  return destinations && Object.keys(destinations).length
}
