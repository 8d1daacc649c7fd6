import { access, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { Values } from '../model/mesh.ts'
import type { FileKind } from '../scenario/file-kind.ts'
import type { Finding, Path } from '../scenario/finding.ts'
import type { Problem } from '../scenario/problem.ts'
import { readSource } from '../scenario/source.ts'

const VALUES_FILE: FileKind = {
  noun: 'values file',
  guide: 'it holds Helm values',
  beginning: 'Write Helm values into it, or remove it from the site file.',
}

/** The files that a site file names, looked up one after the other; what is wrong with them gathers here. */
export interface Places {
  readonly findings: readonly Finding[]
  /** Mistakes within the files that are named. */
  readonly problems: readonly Problem[]
  /** An address as it is; a path made absolute, which must exist. `path` is where it is written. */
  resolve(written: string, path: Path): Promise<string>
  /** The Helm values of a file; none where it is wrong. */
  values(written: string, path: Path): Promise<Values>
}

/** Relative paths begin at `dir`, the folder of the site file. */
export function placesFrom(dir: string): Places {
  const findings: Finding[] = []
  const problems: Problem[] = []
  const resolved = async (written: string, path: Path) => {
    if (/^[a-z][a-z0-9+]*:\/\//.test(written)) return written
    const file = resolve(dir, written.replace(/^~(?=\/|$)/, homedir()))
    await access(file).catch(() => findings.push(absent(written, file, path)))
    return file
  }
  const values = async (written: string, path: Path): Promise<Values> => {
    const file = await resolved(written, path)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) {
      if (!findings.some((finding) => finding.path === path)) findings.push(unreadable(written, path))
      return {}
    }
    const source = readSource(text, written, VALUES_FILE)
    problems.push(...source.problems)
    if (isMap(source.value)) return source.value
    if (source.problems.length === 0) findings.push(notValues(written, path))
    return {}
  }
  return { findings, problems, resolve: resolved, values }
}

function isMap(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function absent(written: string, file: string, path: Path): Finding {
  const remedy =
    written === file
      ? 'Correct the path.'
      : `Correct the path: relative ones begin at the site file, so this is ${file}.`
  return { path, message: `there is no file or folder ${written}`, remedy }
}

function unreadable(written: string, path: Path): Finding {
  return { path, message: `${written} cannot be read as a file`, remedy: 'Name a YAML file of Helm values.' }
}

function notValues(written: string, path: Path): Finding {
  return { path, message: `${written} holds no map of keys`, remedy: 'Name a YAML file of Helm values.' }
}
