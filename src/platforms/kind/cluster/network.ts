import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Docker } from '../docker.ts'
import { RECORDS_FOLDER } from './cluster-record.ts'

/** Clusters share it; it goes when the last of them has gone. */
export const NETWORK = 'meshbench'

/** The network that kind makes for us where there is none of that name. One that was there before is a user's own. */
export interface Network {
  /** Before a cluster is made. */
  expect(docker: Docker): Promise<void>
  /** Removes it where it is ours and nothing uses it. */
  removeUnused(docker: Docker): Promise<void>
}

export function network(dir = RECORDS_FOLDER): Network {
  const mark = join(dir, 'network-is-ours')
  return {
    async expect(docker) {
      if ((await docker.networks([])).includes(NETWORK)) return
      await mkdir(dir, { recursive: true })
      await writeFile(mark, '')
    },
    async removeUnused(docker) {
      if (!(await isThere(mark))) return
      if ((await docker.networks([])).includes(NETWORK)) {
        // Docker refuses while something uses it: then somebody's cluster needs it, and it stays ours.
        const left = await docker.removeNetworks([NETWORK]).then(
          () => false,
          () => true,
        )
        if (left) return
      }
      await rm(mark, { force: true })
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
