import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the analysis and the page of a run are made of. */
const FILES = ['run.json', 'extension.json']
const FOLDERS = ['trials', 'arms']

/**
 * SHA-256 over everything that a page is made of, by content: times of files say nothing where a run was copied, as it is
 * between the machines of a CI.
 */
export function runDigest(dir: string): string {
  const hash = createHash('sha256')
  for (const name of contentsOf(dir)) {
    const content = readFileSync(join(dir, name))
    hash.update(`${JSON.stringify(name)} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

/** Names of folders that are runs or were meant to be: a damaged one is not passed over. In order, the oldest first. */
export function runFolders(root: string): string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => ['run.json', 'trials'].some((part) => existsSync(join(root, name, part))))
    .sort()
}

function contentsOf(dir: string): string[] {
  const files = FILES.filter((name) => existsSync(join(dir, name)))
  const within = FOLDERS.filter((name) => existsSync(join(dir, name))).flatMap((folder) =>
    readdirSync(join(dir, folder))
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(folder, name)),
  )
  return [...files, ...within]
}
