import { meshes } from '../../meshes/index.ts'
import type { Analysis, Cell } from '../../model/analysis.ts'
import { HISTORY_SCHEMA, type HistoryEntry } from '../../model/history.ts'
import { machineClassText } from '../../model/machine-class.ts'
import { trialsOf } from '../../model/plan.ts'
import { type Arm, baselineOf, type Load } from '../../model/scenario.ts'

/** Evidence that names what ran: an image with its digest, a version that was read off. */
const VERSION_EVIDENCE = new Set(['version', 'image', 'proxy-version'])

/** What the history keeps of a run: every arm under every load that has a valid trial. */
export function historyEntries(analysis: Analysis): HistoryEntry[] {
  const { arms, loads } = analysis.record.run.plan.scenario
  return loads.flatMap((load) => arms.flatMap((arm) => entryOf(analysis, arm, load) ?? []))
}

function entryOf(analysis: Analysis, arm: Arm, load: Load): HistoryEntry | undefined {
  const { id, startedAt, plan, provenance } = analysis.record.run
  const is = (one: { readonly arm: string; readonly load: string }) => one.arm === arm.name && one.load === load.name
  const valid = analysis.trials.filter(({ result, status }) => status === 'valid' && is(result.trial))
  if (valid.length === 0) return undefined
  return {
    schema: HISTORY_SCHEMA,
    run: id,
    startedAt,
    scenario: plan.scenario.name,
    platform: provenance.platform,
    profile: plan.scenario.profile,
    machine: machineClassText(provenance.machine),
    arm: arm.name,
    mesh: arm.mesh,
    baseline: baselineOf(plan.scenario).name,
    load: load.name,
    asked: askedOf(load),
    versions: versionsOf(analysis, arm, valid),
    validTrials: valid.length,
    plannedTrials: trialsOf(plan).filter(is).length,
    metrics: Object.fromEntries(analysis.cells.filter(is).flatMap((cell) => metricOf(analysis, cell))),
  }
}

function metricOf({ metrics }: Analysis, { metric, estimate, ratio }: Cell) {
  const info = metrics.find(({ name }) => name === metric)
  if (!info || !estimate) return []
  return [[metric, { unit: info.unit, better: info.better, level: estimate, ...(ratio && { ratio }) }]] as const
}

/** Everything of a load but its name, keys in order. */
function askedOf({ name: _, ...load }: Load): string {
  return Object.entries(load)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

/** Where a change can have come from. */
function versionsOf({ record }: Analysis, arm: Arm, valid: Analysis['trials']): Record<string, string> {
  const { meshbench, tools, machine, git } = record.run.provenance
  const [first] = valid
  const evidence = first?.result.outcome.status === 'measured' ? first.result.outcome.reading.observation.evidence : []
  return {
    ...(arm.version !== undefined && { [meshes[arm.mesh]?.title ?? arm.mesh]: arm.version }),
    ...(arm.values && { values: JSON.stringify(arm.values) }),
    ...(arm.inject && { 'injected delay': `${arm.inject.delay} s` }),
    ...Object.fromEntries(evidence.flatMap(({ name, seen }) => (VERSION_EVIDENCE.has(name) ? [[name, seen]] : []))),
    ...Object.fromEntries(tools.map(({ name, version }) => [name, version])),
    meshbench,
    kernel: machine.kernel,
    ...(git && { commit: git.commit.slice(0, 12) + (git.dirty ? ' with changes' : '') }),
  }
}
