import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { z } from 'zod'
import { type ProcessIdentity, stillRuns } from '../../../host/process-identity.ts'

/** What clusters are called: so that none of somebody else's is ever taken for ours. */
export const PREFIX = 'meshbench-'

const recordSchema = z.object({
  cluster: z.string(),
  run: z.string(),
  arm: z.string(),
  /** Digest of everything that the cluster was made from: only an equal one can be used again. */
  key: z.string(),
  owner: z.object({ pid: z.number(), start: z.string() }),
  /** Left standing on purpose, for the next run. */
  kept: z.boolean(),
})

/** Whose a cluster is: written before it is made, removed after it is gone, so that a kill at any moment leaves a trace. */
export type ClusterRecord = z.infer<typeof recordSchema>

/** A folder of records, one file each. */
export interface Records {
  write(record: ClusterRecord): Promise<void>
  forget(cluster: string): Promise<void>
  all(): Promise<ClusterRecord[]>
}

export function records(dir = join(envPaths('meshbench', { suffix: '' }).data, 'clusters')): Records {
  const fileOf = (cluster: string) => join(dir, `${cluster}.json`)
  return {
    async write(record) {
      await mkdir(dir, { recursive: true })
      const draft = `${fileOf(record.cluster)}.${process.pid}`
      await writeFile(draft, `${JSON.stringify(record)}\n`)
      await rename(draft, fileOf(record.cluster))
    },
    forget: (cluster) => rm(fileOf(cluster), { force: true }),
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
