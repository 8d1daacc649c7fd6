import type { Analysis } from '../../model/analysis.ts'
import { machineClass } from '../../model/machine-class.ts'
import { blockCount } from '../../model/plan.ts'
import type { Run } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { list } from '../wording.ts'
import type { Discrepancy } from './contrast.ts'
import { installationFacts } from './installation-facts.ts'

type Facts = Readonly<Record<string, string>>

/** What forbids to compare two runs: another kind of machine, another profile, or another load. */
export function forbidding(a: Analysis, b: Analysis): Discrepancy[] {
  const shared = sharedLoads(a, b)
  return [
    ...differing(groundOf(a.record.run), groundOf(b.record.run)),
    ...(shared.length === 0 ? [{ what: 'loads', a: loadNames(a), b: loadNames(b) }] : []),
    ...shared.flatMap((name) => differing(loadFacts(a, name), loadFacts(b, name))),
  ]
}

/** What is otherwise not the same in two runs: the likely causes of a difference. */
export function changedBetween(a: Analysis, b: Analysis): Discrepancy[] {
  return differing(factsOf(a), factsOf(b))
}

/** Names of the loads that both have. */
export function sharedLoads(a: Analysis, b: Analysis): string[] {
  const others = new Set(loadsOf(b).map(({ name }) => name))
  return loadsOf(a).flatMap(({ name }) => (others.has(name) ? [name] : []))
}

function factsOf({ record: { run, installations } }: Analysis): Facts {
  return { ...versionFacts(run), ...installationFacts(run, installations) }
}

function groundOf({ plan, provenance }: Run): Facts {
  return {
    platform: provenance.platform,
    profile: plan.scenario.profile,
    isolation: plan.scenario.isolation ?? 'as the platform has it',
    ...machineClass(provenance.machine),
  }
}

function loadFacts(analysis: Analysis, name: string): Facts {
  const load = loadsOf(analysis).find((one) => one.name === name)
  const facts = Object.entries(load ?? {}).filter(([key]) => key !== 'name')
  return Object.fromEntries([
    ...facts.map(([key, value]) => [`load ${name}: ${key}`, String(value)]),
    [`load ${name}: generator`, generatorVersions(analysis, name)],
  ])
}

/** Versions of the load tool that valid trials saw. */
function generatorVersions({ trials }: Analysis, load: string): string {
  const seen = trials.flatMap(({ result: { trial, outcome }, status }) =>
    status === 'valid' && trial.load === load && outcome.status === 'measured'
      ? (outcome.reading.generator.version ?? 'unknown')
      : [],
  )
  return list([...new Set(seen)].toSorted()) || 'unknown'
}

function versionFacts({ plan, provenance }: Run): Facts {
  const { machine, tools, git, meshbench, node } = provenance
  return {
    meshbench,
    node,
    'operating system': machine.os,
    kernel: machine.kernel,
    ...(git && { commit: git.commit + (git.dirty ? ' with changes' : '') }),
    ...Object.fromEntries(
      tools.map(({ name, version, sha256 }) => [name, [version, sha256?.slice(0, 12)].filter(Boolean).join(' ')]),
    ),
    ...Object.fromEntries(plan.scenario.arms.map(({ name, ...arm }) => [`arm ${name}`, JSON.stringify(arm)])),
    cohorts: String(plan.cohorts.length),
    blocks: String(blockCount(plan)),
  }
}

function differing(a: Facts, b: Facts): Discrepancy[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names.flatMap((what) => {
    const [one, other] = [a[what] ?? 'absent', b[what] ?? 'absent']
    return one === other ? [] : [{ what, a: one, b: other }]
  })
}

function loadsOf({ record }: Analysis): readonly Load[] {
  return record.run.plan.scenario.loads
}

function loadNames(analysis: Analysis): string {
  return list(loadsOf(analysis).map(({ name }) => name))
}
