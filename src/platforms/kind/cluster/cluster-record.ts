import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import envPaths from 'env-paths'
import { z } from 'zod'
import { ownIdentity, type ProcessIdentity, stillRuns } from '../../../host/processes.ts'

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

interface Claimed {
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

/** The exclusive right to a file, among all processes of this machine and all tasks of one. */
interface Claim {
  /** Whether it is ours now. */
  take(): Promise<boolean>
  release(): Promise<void>
}

/**
 * Claims are numbered files beside the file: `x.json.claim-1`. The newest one counts. One whose process has died is not
 * removed but followed by the next number, which again only one can make: were it removed, two who saw it dead could each
 * remove the other's fresh one. A claim bears its owner from the moment it is there, since it is linked and not written.
 */
export function claimFile(file: string): Claim {
  const [dir, start] = [dirname(file), `${basename(file)}.claim-`]
  const numbers = async () =>
    (await readdir(dir).catch(() => [])).flatMap((name) => {
      const number = name.startsWith(start) ? Number(name.slice(start.length)) : Number.NaN
      return Number.isInteger(number) ? [number] : []
    })
  return {
    async take() {
      const newest = Math.max(0, ...(await numbers()))
      if (newest > 0 && (await isAlive(join(dir, `${start}${newest}`)))) return false
      return await linkOwn(dir, `${start}${newest + 1}`)
    },
    async release() {
      await Promise.all((await numbers()).map((number) => rm(join(dir, `${start}${number}`), { force: true })))
    },
  }
}

let drafts = 0

async function linkOwn(dir: string, name: string): Promise<boolean> {
  await mkdir(dir, { recursive: true })
  const draft = join(dir, `.claim-${process.pid}-${++drafts}`)
  try {
    await writeFile(draft, JSON.stringify(ownIdentity()))
    await link(draft, join(dir, name))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** One that has gone since it was listed was released by somebody who is at work on the file: it is not for us. */
async function isAlive(path: string): Promise<boolean> {
  try {
    const { pid, start } = JSON.parse(await readFile(path, 'utf8')) as { pid: number; start: string }
    return stillRuns({ pid, start })
  } catch {
    return true
  }
}
