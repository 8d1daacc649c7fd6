import type { Analysis, RunRecord } from '../../model/analysis.ts'
import { machineClass } from '../../model/history.ts'
import type { Trial } from '../../model/plan.ts'
import type { HeldReading, HeldResult } from '../../model/result.ts'
import { traitsOf } from '../../model/traits.ts'
import { formatSize } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import type { Objection } from '../../model/verdict.ts'
import { list } from '../../model/words.ts'

/** Whether all trials ran on one machine, with the versions that the plan names. */
export const IDENTITIES = [otherPlatform, machinesDiffer, impossibleMemory, versionsDiffer, movedTags, sameVersion]

/** Most rules depend on the platform, so a run that names another one would be judged by fewer. */
function otherPlatform({ record }: Analysis): Objection[] {
  const { platform } = record.run.provenance
  const asked = record.run.plan.scenario.platform
  const isSimulated = traitsOf(platform)?.arms === 'effects'
  const message = !traitsOf(platform)
    ? `The run names the platform ${platform}, which this version does not know.`
    : asked !== undefined && asked !== platform
      ? `The run names the platform ${platform}, but its plan is for ${asked}.`
      : isSimulated && readings(record.results).some(([, { observation }]) => observation.startedAt !== undefined)
        ? `The run names the platform ${platform}, but its trials were measured on a real one.`
        : undefined
  const remedy = 'Restore run.json from a copy, or judge the run with the version that made it.'
  return message === undefined ? [] : [{ rule: 'other-platform', message, remedy, spoils: true }]
}

function machinesDiffer({ record }: Analysis): Objection[] {
  const all = readings(record.results)
  const shards = record.run.provenance.mergedFrom ?? []
  const facts: Readonly<Record<string, readonly string[]>> = {
    cores: all.map(([, { observation }]) => String(observation.host?.cores ?? 'an unknown number of')),
    nodes: all.flatMap(([, { observation }]) => seenOf(observation.evidence, 'node') ?? []),
    'classes of shards': shards.map(({ machine }) => Object.values(machineClass(machine)).join(', ')),
  }
  return Object.entries(facts).flatMap(([what, values]) => {
    const distinct = [...new Set(values)]
    if (distinct.length < 2) return []
    const on = what === 'cores' ? `with ${distinct.join(' and ')} cores` : distinct.join('; and ')
    return [
      {
        rule: 'machines-differ',
        message: `The trials were measured on different machines, ${on}.`,
        remedy: 'Measure all blocks of a run on machines of one class.',
        spoils: true,
      },
    ]
  })
}

/** Only where arms run on the machine that `run.json` describes. */
function impossibleMemory({ record }: Analysis): Objection[] {
  const { platform, machine } = record.run.provenance
  if (!traitsOf(platform)?.isHere) return []
  const first = readings(record.results).find(
    ([, { observation }]) =>
      observation.usage.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) > machine.memoryBytes,
  )
  if (!first) return []
  const [{ id }] = first
  return [
    {
      rule: 'impossible-memory',
      message: `The components of ${id} used more memory than the ${formatSize(machine.memoryBytes)} of the machine.`,
      remedy: 'The unit of memory is likely wrong: compare with the raw output, and report it.',
      spoils: true,
    },
  ]
}

/** Evidence that must stay the same during a run. */
const IDENTITY = ['version', 'image', 'layer']

/** Evidence that some trials of an arm have and others lack is no evidence for the others. */
function versionsDiffer({ record }: Analysis): Objection[] {
  const byArm = Map.groupBy(readings(record.results), ([{ arm }]) => arm)
  return [...byArm].flatMap(([arm, those]) =>
    IDENTITY.flatMap((name) => {
      const values = new Set(those.map(([, { observation }]) => seenOf(observation.evidence, name)))
      if (values.size < 2) return []
      return [
        {
          rule: 'versions-differ',
          message: `The ${name} of ${arm} changed during the run: ${[...values].map((one) => one ?? 'not shown').join('; then ')}.`,
          remedy: 'Pin versions by digest, and start a new run.',
          arm,
          spoils: true,
        },
      ]
    }),
  )
}

/** `docker.io/istio/pilot:1.28 (sha256:…)` */
const IMAGE = /(\S+) \((sha256:[0-9a-f]+)\)/g

/** One name of an image stands for one image in a run: a tag may be moved between two pulls. */
function movedTags({ record }: Analysis): Objection[] {
  const digests = new Map<string, Set<string>>()
  const all = readings(record.results)
  for (const name of ['image', 'workload-image']) {
    for (const seen of new Set(all.map(([, { observation }]) => seenOf(observation.evidence, name)))) {
      for (const [, image = '', digest = ''] of (seen ?? '').matchAll(IMAGE)) {
        const key = `${name} ${image}`
        digests.set(key, (digests.get(key) ?? new Set()).add(digest))
      }
    }
  }
  return [...digests].flatMap(([key, those]) => {
    if (those.size < 2) return []
    return [
      {
        rule: 'versions-differ',
        message: `The ${key} stands for different images in this run: ${list([...those])}.`,
        remedy: 'Pin images by digest, and start a new run.',
        spoils: true,
      },
    ]
  })
}

/** Arms of one mesh for which the plan names different versions must not have run the same one. */
function sameVersion({ record }: Analysis): Objection[] {
  const { arms } = record.run.plan.scenario
  const named = arms.filter(({ version }) => version !== undefined)
  return named.flatMap((arm, index) =>
    named.slice(index + 1).flatMap((other) => {
      if (arm.mesh !== other.mesh || arm.version === other.version) return []
      const same = ['image', 'version'].find((name) => {
        const [one, two] = [lastSeen(record, arm.name, name), lastSeen(record, other.name, name)]
        return one !== undefined && one === two
      })
      if (same === undefined) return []
      return [
        {
          rule: 'same-version',
          message: `The plan names the versions ${arm.version} and ${other.version} of ${arm.mesh}, but the ${same} of ${arm.name} and ${other.name} was the same: ${lastSeen(record, arm.name, same)}.`,
          remedy: 'Check the images and charts of the site file, and start a new run.',
          arm: arm.name,
          spoils: true,
        },
      ]
    }),
  )
}

function lastSeen({ results }: RunRecord, arm: string, name: string): string | undefined {
  const [, reading] = readings(results).findLast(([trial]) => trial.arm === arm) ?? []
  return reading && seenOf(reading.observation.evidence, name)
}

function seenOf(evidence: readonly Evidence[], name: string): string | undefined {
  return evidence.find((one) => one.name === name)?.seen
}

function readings(results: readonly HeldResult[]): (readonly [Trial, HeldReading])[] {
  return results.flatMap(({ trial, outcome }) =>
    outcome.status === 'measured' ? [[trial, outcome.reading] as const] : [],
  )
}
