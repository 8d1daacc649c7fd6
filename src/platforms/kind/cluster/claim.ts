import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ownIdentity, stillRuns } from '../../../host/process-identity.ts'

/** The exclusive right to a file, among all processes of this machine and all tasks of one. */
export interface Claim {
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
