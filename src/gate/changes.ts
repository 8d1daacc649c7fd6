import type { RunRecord } from '../model/analysis.ts'
import type { Provenance } from '../model/result.ts'
import type { ProvenanceChange } from '../model/verdict.ts'
import { armsOf } from './asked.ts'
import type { Pairing } from './pairs.ts'
import type { Pinned } from './pinned-file.ts'

/** Facts about an arm that do not change from one window to the next. */
const LASTING = new Set(['version', 'image', 'layer', 'threads', 'limits', 'identity', 'retries', 'access-log'])

/** What is not the same of candidates and their references in one run: as asked for, and as seen. */
export function changesBetweenArms(record: RunRecord, pairs: readonly Pairing[]): ProvenanceChange[] {
  const asked = armsOf(record.run.plan.scenario)
  return pairs.flatMap(({ arm, reference }) => {
    const [then, now] = [factsOf(record, reference), factsOf(record, arm)]
    const seen = [...new Set([...then.keys(), ...now.keys()])]
      .filter((name) => lasting(name, then.get(name)) !== lasting(name, now.get(name)))
      .flatMap((name) => differs(`${name} of ${arm}`, then.get(name), now.get(name)))
    return [...differs(`configuration of ${arm}`, asked[reference], asked[arm]), ...seen]
  })
}

/** What is not the same of a run and of the pinned reference. */
export function changesSince({ run }: RunRecord, pinned: Pinned): ProvenanceChange[] {
  const [then, now] = [flat(pinned.provenance), flat(run.provenance)]
  const asked = armsOf(run.plan.scenario)
  return [
    ...Object.keys({ ...then, ...now }).flatMap((what) => differs(what, then[what], now[what])),
    ...Object.entries(pinned.arms).flatMap(([arm, before]) => differs(`configuration of ${arm}`, before, asked[arm])),
  ]
}

function flat({ meshbench, node, git, machine, tools }: Provenance): Record<string, string | undefined> {
  const programs = tools.map(({ name, version, sha256 }) => [
    name,
    sha256 ? `${version} (${sha256.slice(0, 12)})` : version,
  ])
  return {
    meshbench,
    node,
    commit: git && `${git.commit.slice(0, 12)}${git.dirty ? ' with changes' : ''}`,
    kernel: machine.kernel,
    'operating system': machine.os,
    ...Object.fromEntries(programs),
  }
}

function factsOf({ results }: RunRecord, arm: string): Map<string, string> {
  const last = results.findLast(({ trial, outcome }) => trial.arm === arm && outcome.status === 'measured')
  const evidence = last?.outcome.status === 'measured' ? last.outcome.reading.observation.evidence : []
  return new Map(evidence.flatMap(({ name, seen }) => (LASTING.has(name) ? [[name, seen] as const] : [])))
}

/** How many connections showed an identity depends on when they were opened; that none or some did is a fact. */
function lasting(name: string, seen: string | undefined): string | undefined {
  return name === 'identity' ? seen?.replaceAll(/\b[1-9]\d* (connection|handshake|certificate)s?\b/g, 'some $1s') : seen
}

function differs(what: string, reference: string | undefined, candidate: string | undefined): ProvenanceChange[] {
  return reference === candidate ? [] : [{ what, reference: reference ?? 'none', candidate: candidate ?? 'none' }]
}
