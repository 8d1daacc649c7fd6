import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { z } from 'zod'
import { type ProcessIdentity, stillRuns } from '../../../host/process-identity.ts'
import { claimFile } from './claim.ts'

/** What clusters are called: the first sign, not the proof, that one is ours. The proof is its record. */
export const PREFIX = 'meshbench-'

const recordSchema = z.object({
  cluster: z.string(),
  run: z.string(),
  arm: z.string(),
  /** Digest of everything that the cluster was made from: only an equal one can be used again. Absent: something was not known. */
  key: z.string().optional(),
  owner: z.object({ pid: z.number(), start: z.string() }),
  /** Left standing on purpose, for the next run. */
  kept: z.boolean(),
  /** Where it was provisioned, which reuse does not change. */
  made: z.object({ at: z.string(), run: z.string() }).optional(),
})

/** Whose a cluster is: written before it is made, removed after it is gone, so that a kill at any moment leaves a trace. */
export type ClusterRecord = z.infer<typeof recordSchema>

export interface Claimed {
  /** As it is now. */
  readonly record: ClusterRecord
  release(): Promise<void>
}

/** A folder of records, one file each. */
export interface Records {
  write(record: ClusterRecord): Promise<void>
  /**
   * For the only one who may take a kept cluster over; undefined where another is at it, or it is not kept any more. Whoever
   * has it writes the record anew, and only then gives the claim up.
   */
  claim(cluster: string): Promise<Claimed | undefined>
  forget(cluster: string): Promise<void>
  all(): Promise<ClusterRecord[]>
}

/** Where it is kept, beyond every run, what is ours in Docker. */
export const RECORDS_FOLDER = join(envPaths('meshbench', { suffix: '' }).data, 'clusters')

export function records(dir = RECORDS_FOLDER): Records {
  const fileOf = (cluster: string) => join(dir, `${cluster}.json`)
  return {
    async write(record) {
      const file = fileOf(record.cluster)
      await mkdir(dir, { recursive: true })
      const draft = `${file}.${process.pid}`
      await writeFile(draft, `${JSON.stringify(record)}\n`)
      await rename(draft, file)
    },
    async claim(cluster) {
      const claim = claimFile(fileOf(cluster))
      if (!(await claim.take())) return undefined
      // Since the list was read, another may have taken the cluster over, and be done with it.
      const record = await readRecord(fileOf(cluster))
      if (record?.kept) return { record, release: () => claim.release() }
      await claim.release()
      return undefined
    },
    async forget(cluster) {
      await rm(fileOf(cluster), { force: true })
      await claimFile(fileOf(cluster)).release()
    },
    async all() {
      const names = await readdir(dir).catch(() => [])
      const read = names.filter((name) => name.endsWith('.json')).map((name) => readRecord(join(dir, name)))
      return (await Promise.all(read)).filter((record) => record !== undefined)
    },
  }
}

/** Whether the run that made it still goes on. */
export function isHeld({ owner }: { readonly owner: ProcessIdentity }): boolean {
  return stillRuns(owner)
}

async function readRecord(file: string): Promise<ClusterRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Half a file, or gone since: the cluster, if there is one, is found by its name.
    return undefined
  }
}
