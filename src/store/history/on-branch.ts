import { execa } from 'execa'
import { Failure } from '../../model/failure.ts'
import type { Shelf } from './history.ts'
import { FILES } from './in-folder.ts'

/** Who commits where git knows nobody, as on a fresh runner. */
const NOBODY = {
  GIT_AUTHOR_NAME: 'meshbench',
  GIT_AUTHOR_EMAIL: 'meshbench@localhost',
  GIT_COMMITTER_NAME: 'meshbench',
  GIT_COMMITTER_EMAIL: 'meshbench@localhost',
}

/**
 * A history on a branch of its own in the repository of a folder. It is written by git's plumbing: the work tree and the
 * index are not touched, and a branch that somebody moved meanwhile is not overwritten.
 */
export function onBranch(branch: string, cwd: string): Shelf {
  const ref = `refs/heads/${branch}`
  return {
    where: `branch ${branch}`,
    async read() {
      await git(cwd, ['rev-parse', '--git-dir'])
      if ((await tip(cwd, ref)) === undefined) return { lines: '', head: undefined }
      return { lines: (await fileOn(cwd, ref, FILES.lines)) ?? '', head: await fileOn(cwd, ref, FILES.head) }
    },
    async write({ lines, head }, note) {
      const parent = await tip(cwd, ref)
      const blobs = [
        [FILES.head, await blob(cwd, head ?? '')],
        [FILES.lines, await blob(cwd, lines)],
      ] as const
      const listing = blobs.map(([name, id]) => `100644 blob ${id}\t${name}\n`).join('')
      const tree = await git(cwd, ['mktree'], { input: listing })
      const known = await execa('git', ['var', 'GIT_COMMITTER_IDENT'], { cwd, reject: false })
      const commit = await git(cwd, ['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', note], {
        env: known.exitCode === 0 ? {} : NOBODY,
      })
      // The old value makes it fail where another writer was faster; of a new branch that it does not exist.
      await git(cwd, ['update-ref', ref, commit, parent ?? '0'.repeat(commit.length)])
    },
  }
}

async function tip(cwd: string, ref: string): Promise<string | undefined> {
  const { exitCode, stdout } = await execa('git', ['rev-parse', '--verify', '--quiet', ref], { cwd, reject: false })
  return exitCode === 0 ? stdout : undefined
}

async function fileOn(cwd: string, ref: string, name: string): Promise<string | undefined> {
  const options = { cwd, reject: false, stripFinalNewline: false, maxBuffer: 1e9 } as const
  const listed = await git(cwd, ['ls-tree', '--name-only', ref, name])
  if (listed === '') return undefined
  const { exitCode, stdout, stderr } = await execa('git', ['show', `${ref}:${name}`], options)
  if (exitCode !== 0) throw refused(['show'], stderr)
  return stdout
}

async function blob(cwd: string, text: string): Promise<string> {
  return git(cwd, ['hash-object', '-w', '--stdin'], { input: text })
}

async function git(
  cwd: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await execa('git', args, { cwd, reject: false, ...options })
  if (exitCode !== 0) throw refused(args, stderr)
  return stdout
}

function refused(args: readonly string[], stderr: unknown): Failure {
  return new Failure('git', 'git could not read or write the branch of the history', {
    cause: `git ${args[0]}: ${stderr || 'it could not be started'}`,
    fix: 'Run it within a repository; where another run wrote at the same time, run it again: nothing is added twice.',
  })
}
