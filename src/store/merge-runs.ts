import { constants } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import type { Plan } from '../model/plan.ts'
import type { Run } from '../model/result.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import { mergePlans } from '../plan/shards.ts'
import { runId } from './find-run.ts'
import { copyInstallations } from './installations.ts'
import { planDigest, readRun } from './read-run.ts'
import { createRun } from './run-writer.ts'

interface Part extends RunRecord<string> {
  readonly dir: string
}

/** Makes one run of the runs of all shards, measured alike, and says where it is. */
export async function mergeRuns(dirs: readonly string[], root: string): Promise<string> {
  const parts: Part[] = []
  for (const dir of dirs)
    parts.push({
      dir,
      ...(await readRun(
        dir,
        () =>
          (_, { id }) =>
            id,
      )),
    })
  const longer = parts.find(({ run }) => run.extension)
  if (longer) throw refusedExtension(longer)
  const plan = mergePlans(parts.map(({ run }) => run.plan))
  for (const part of parts) refuseDamaged(part)
  refuseDifferent(parts)
  const run = mergedRun(parts, plan)
  await using writer = await createRun(root, run).catch((error: unknown) => {
    throw error instanceof Failure && error.code === 'run-exists' ? alreadyMerged(root, run.id) : error
  })
  for (const { dir, results, details } of parts) {
    for (const id of results) {
      const result = details(id)
      await writer.write({
        at: Date.parse(result.endedAt) / 1000,
        type: 'result',
        result: { ...result, run: run.id },
        raw: [],
      })
    }
    await copyInstallations(dir, writer.dir)
    for (const entry of await readdir(join(dir, RUN_FOLDER.raw), { withFileTypes: true }).catch(() => [])) {
      // The merged run would otherwise contain what a link names, anywhere on this machine.
      if (!entry.isFile()) continue
      const { name } = entry
      await copyFile(join(dir, RUN_FOLDER.raw, name), join(writer.dir, RUN_FOLDER.raw, name), constants.COPYFILE_EXCL)
    }
  }
  return writer.dir
}

/** The same shards give the same name, so that merging twice is noticed and not done twice. */
function mergedRun(parts: readonly Part[], plan: Plan): Run {
  const sorted = parts.map(({ run }) => run).toSorted((a, b) => (a.plan.shard?.index ?? 0) - (b.plan.shard?.index ?? 0))
  const first = sorted.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))[0]
  if (!first) throw new TypeError('a merged run has shards')
  const digest = planDigest(plan)
  const share = Number.parseInt(digest.slice(0, 8), 16) / 2 ** 32
  const { provenance } = first
  return {
    ...first,
    id: runId(new Date(first.startedAt), `${plan.scenario.name}-merged`, () => share),
    digest,
    plan,
    provenance: {
      ...provenance,
      mergedFrom: sorted.map(({ id, startedAt, provenance: { machine } }) => ({ run: id, startedAt, machine })),
    },
  }
}

function refuseDamaged({ dir, unreadable }: Part): void {
  const [first] = unreadable
  if (!first) return
  throw new Failure('damaged-results', `${dir} has results that cannot be read`, {
    cause: `${first.file}: ${first.reason}`,
    remedy: 'Merge only whole shards: copy this one again, or measure it again.',
  })
}

function refusedExtension({ dir }: Part): Failure {
  return new Failure('not-mergeable', `${dir} was extended, and only whole shards can be merged`, {
    cause: 'the added blocks are for cells of this shard only',
    remedy: 'Merge the shards first, then judge and extend the merged run.',
  })
}

function alreadyMerged(root: string, id: string): Failure {
  return new Failure('already-merged', `these shards are already merged as run ${id}`, {
    remedy: `Use that run; to merge again, first remove ${join(root, id)}.`,
  })
}

function refuseDifferent(parts: readonly Part[]): void {
  const [first, ...others] = parts.map(({ run }) => ({ id: run.id, facts: factsOf(run) }))
  if (!first) return
  for (const { id, facts } of others) {
    const wrong = Object.keys({ ...first.facts, ...facts }).find((what) => first.facts[what] !== facts[what])
    if (wrong === undefined) continue
    throw new Failure('not-comparable', 'the shards were measured differently', {
      cause: `${wrong}: ${first.facts[wrong] ?? 'absent'} in ${first.id}, ${facts[wrong] ?? 'absent'} in ${id}`,
      remedy: 'Measure all shards with the same versions on machines of one kind.',
    })
  }
}

function factsOf({ provenance }: Run): Readonly<Record<string, string>> {
  const { meshbench, platform, tools, machine } = provenance
  return {
    meshbench,
    platform,
    kernel: machine.kernel,
    ...machineClass(machine),
    ...Object.fromEntries(tools.map(({ name, version, sha256 }) => [name, `${version} ${sha256 ?? ''}`])),
  }
}
