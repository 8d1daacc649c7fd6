import { execa } from 'execa'
import type { Provenance } from '../model/result.ts'

/** The commit of the working directory, and whether tracked files differ from it. Undefined outside a repository, or without git. */
export async function gitProvenance(cwd: string): Promise<Provenance['git']> {
  const git = (...args: string[]) =>
    // Without optional locks, `status` writes nothing into somebody's repository.
    execa('git', args, { cwd, reject: false, timeout: 10_000, env: { GIT_OPTIONAL_LOCKS: '0' } })
  const [head, status] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'),
    git('status', '--porcelain', '--untracked-files=no'),
  ])
  if (head.exitCode !== 0 || status.exitCode !== 0) return undefined
  return { commit: head.stdout, dirty: status.stdout !== '' }
}
