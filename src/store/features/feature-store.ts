import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readOwnFile } from '../../host/regular-file.ts'
import { Failure } from '../../model/failure.ts'
import { FEATURE_SCHEMA, type FeatureResult, featureResultSchema } from '../../model/feature.ts'
import type { Installation } from '../../model/installation.ts'
import { type Provenance, provenanceSchema } from '../../model/result.ts'
import { isPathName, RUN_FOLDER } from '../../model/run-folder.ts'
import { redact } from '../../model/secrets.ts'
import { lockFolder } from '../folder-lock.ts'
import { writeInstallation } from '../installations.ts'
import { type Readers, readVersioned, reasonOf } from '../versioned.ts'
import { errnoOf, storageFailure, sweepTemporary, syncFolder, writeOnce } from '../write-once.ts'

const runSchema = z.object({
  schema: z.literal(FEATURE_SCHEMA),
  id: z.string().refine(isPathName),
  startedAt: z.string(),
  /** SHA-256 of the plan: a resumed run must have the same. */
  digest: z.string(),
  arms: z.array(z.object({ name: z.string(), mesh: z.string() })),
  /** Names of the probes, in the order of the matrix. */
  features: z.array(z.string()),
  provenance: provenanceSchema,
})

/** `features.json`: what makes a folder a run of probes. It has no trials, so it is no run of `meshbench run`. */
export interface FeatureRun extends Omit<z.infer<typeof runSchema>, 'provenance'> {
  readonly provenance: Provenance
}

const RUN_READERS: Readers<FeatureRun> = { 1: (data) => runSchema.parse(data) as FeatureRun }
const RESULT_READERS: Readers<FeatureResult> = { 1: (data) => featureResultSchema.parse(data) }

export interface FeatureWriter extends AsyncDisposable {
  readonly dir: string
  readonly finished: readonly FeatureResult[]
  /** A result is on disk when this returns. It is never replaced. */
  write(result: FeatureResult): Promise<void>
  installed(installation: Installation): Promise<void>
}

/** Makes the folder of a new run of probes. */
export async function createFeatureRun(root: string, run: FeatureRun): Promise<FeatureWriter> {
  const dir = join(root, run.id)
  try {
    await mkdir(join(dir, RUN_FOLDER.features), { recursive: true })
    const writer = await openWriter(dir, [])
    const text = `${JSON.stringify(redact(run), undefined, 2)}\n`
    await writeOnce(join(dir, RUN_FOLDER.featureRun), (file) => file.writeFile(text))
    await syncFolder(root)
    return writer
  } catch (error) {
    throw storageFailure(error, dir)
  }
}

/** Opens an interrupted run of probes again, which must be of the same plan and probes. */
export async function reopenFeatureRun(
  root: string,
  id: string,
  { digest, features }: Pick<FeatureRun, 'digest' | 'features'>,
): Promise<{ run: FeatureRun; writer: FeatureWriter }> {
  if (!isPathName(id)) {
    throw new Failure('unknown-run', `${id} is not the id of a run`, { remedy: `Name a folder in ${root}.` })
  }
  const dir = join(root, id)
  const run = readFeatureRun(dir)
  if (run.id !== id) {
    throw new Failure('damaged-results', `${dir} is the folder of the run ${run.id}`, {
      remedy: 'Give it back its name.',
    })
  }
  const changed = run.digest !== digest ? 'scenario is' : run.features.join() !== features.join() ? 'probes are' : ''
  if (changed !== '') {
    throw new Failure('plan-changed', `the ${changed} not what ${id} started with`, {
      remedy: `Use the same scenario, --arms and --probes (${run.features.join(',')}), or start a new run.`,
    })
  }
  await sweepTemporary(join(dir, RUN_FOLDER.features))
  return { run, writer: await openWriter(dir, await readFeatures(dir, id)) }
}

async function openWriter(dir: string, finished: readonly FeatureResult[]): Promise<FeatureWriter> {
  const lock = await lockFolder(dir)
  return {
    dir,
    finished,
    async write(result) {
      try {
        const text = `${JSON.stringify(redact(result))}\n`
        await writeOnce(join(dir, RUN_FOLDER.features, fileOf(result)), (file) => file.writeFile(text))
      } catch (error) {
        throw storageFailure(error, dir)
      }
    },
    installed: (installation) => writeInstallation(dir, redact(installation)),
    [Symbol.asyncDispose]: () => lock.release(),
  }
}

function readFeatureRun(dir: string): FeatureRun {
  try {
    return readVersioned(RUN_READERS, readOwnFile(join(dir, RUN_FOLDER.featureRun)))
  } catch (error) {
    throw new Failure('unknown-run', `${dir} is not a run of probes`, {
      cause: errnoOf(error) === 'ENOENT' ? `it has no ${RUN_FOLDER.featureRun}` : reasonOf(error),
      remedy: 'Name the folder that `meshbench features` wrote.',
    })
  }
}

/** A run of probes, read from its folder. */
export async function readFeatureFolder(
  dir: string,
): Promise<{ readonly run: FeatureRun; readonly results: readonly FeatureResult[] }> {
  const run = readFeatureRun(dir)
  return { run, results: await readFeatures(dir, run.id) }
}

/** Results of the run of probes with this id, in no order. */
async function readFeatures(dir: string, id: string): Promise<FeatureResult[]> {
  const folder = join(dir, RUN_FOLDER.features)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'))
  return names.map((name) => {
    try {
      const result = readVersioned(RESULT_READERS, readOwnFile(join(folder, name)))
      if (result.run !== id) throw new TypeError(`a result of another run, ${result.run}`)
      if (fileOf(result) !== name) throw new TypeError('its name does not fit what it says')
      return result
    } catch (error) {
      throw new Failure('damaged-results', `${join(folder, name)} cannot be read`, {
        cause: reasonOf(error),
        remedy: 'Restore it from a copy, or remove it and continue with --resume.',
      })
    }
  })
}

function fileOf({ arm, feature }: Pick<FeatureResult, 'arm' | 'feature'>): string {
  return `${arm}.${feature}.json`
}
