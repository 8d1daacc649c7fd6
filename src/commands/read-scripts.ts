import { dirname, join, relative, resolve, sep } from 'node:path'
import { MOST_BYTES, readRegularFile } from '../host/regular-file.ts'
import { sha256 } from '../host/sha256.ts'
import { loads as tools } from '../loads/index.ts'
import { Failure } from '../model/failure.ts'
import type { Script, ScriptSupport } from '../model/platform.ts'
import type { Load, Scenario } from '../model/scenario.ts'
import type { LoadToolName } from '../model/traits.ts'
import { count } from '../model/words.ts'
import { digestOfApplication, ownFiles } from '../platforms/in-cluster/own-application.ts'

/** Most files that a script may consist of. They are written anew for every trial. */
const MOST_FILES = 200

/**
 * Reads the scripts of loads with every file that they need. `folder`: that of the scenario file. Throws a Failure where a file
 * is missing, or a script cannot be brought along, or never asks for its target.
 */
export function readScripts(loads: readonly Load[], folder: string): ReadonlyMap<Load, Script> {
  const known = new Map<string, Script>()
  return new Map(
    loads.flatMap((load): [Load, Script][] => {
      const { script: path, tool } = load
      if (path === undefined) return []
      const script = known.get(path) ?? readScript(path, folder, tool)
      known.set(path, script)
      return [[load, script]]
    }),
  )
}

/** The same loads with the checksum of what their scripts are now. */
export function withChecksums(loads: readonly Load[], folder: string): readonly Load[] {
  const scripts = readScripts(loads, folder)
  return loads.map((load) => {
    const script = scripts.get(load)
    return script ? { ...load, scriptSha256: script.sha256 } : load
  })
}

/** The checksum of the files of a scenario's application; undefined where it has none. */
export async function applicationChecksum(
  { workload }: Pick<Scenario, 'workload'>,
  folder: string,
): Promise<string | undefined> {
  const files = workload && ownFiles(workload, (path) => resolve(folder, path))
  return files && (await digestOfApplication(files))
}

/** The scripts of planned loads by their checksum. Throws a Failure where one is not what the plan was made with. */
export function plannedScripts(loads: readonly Load[], folder: string): ReadonlyMap<string, Script> {
  const scripts = [...readScripts(loads, folder)]
  for (const [{ name, script, scriptSha256 }, { sha256 }] of scripts) {
    if (sha256 === scriptSha256) continue
    throw new Failure(
      'plan-changed',
      `${script}, the script of load ${name}, is not the one that this run started with`,
      {
        cause: `then ${scriptSha256?.slice(0, 12)}, now ${sha256.slice(0, 12)}, over the script and the files that it needs`,
        remedy: 'Restore it, or start a new run.',
      },
    )
  }
  return new Map(scripts.map(([, script]) => [script.sha256, script]))
}

function readScript(path: string, folder: string, tool: LoadToolName): Script {
  const support = tools[tool].scripts
  if (!support) throw new TypeError(`${tool} runs no scripts`)
  const main = resolve(folder, path)
  const found = filesOf(main, path, support)
  if (!found.values().some((text) => text.includes(support.target))) {
    throw new Failure('script', `${path} never reads ${support.target}, so its requests would go somewhere else`, {
      remedy: `Take the address of the server from it: http.get(\`\${__ENV.${support.target}}/path\`).`,
    })
  }
  const root = commonFolder([...found.keys()])
  const named = [...found].map(([file, text]) => [relative(root, file).split(sep).join('/'), text] as const)
  const files = Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const from = relative(root, main).split(sep).join('/')
  return { main: from, files, sha256: sha256(JSON.stringify([from, Object.entries(files)])) }
}

/** The script, and what it and its modules refer to, by absolute path. */
function filesOf(main: string, path: string, support: ScriptSupport): Map<string, string> {
  const found = new Map<string, string>()
  const take = (file: string, text: string) => {
    found.set(file, text)
    if (found.size > MOST_FILES) {
      throw new Failure('script', `${path} needs more than ${count(MOST_FILES, 'file')}`, {
        remedy: 'Bundle it into one file, as the docs of k6 describe.',
      })
    }
  }
  const ahead = [main]
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (found.has(file)) continue
    const shown = file === main ? path : join(dirname(path), relative(dirname(main), file))
    const text = textOf(file, shown)
    take(file, text)
    // A module of data has no references.
    if (file.endsWith('.json')) continue
    const { modules, opened } = support.references(text, shown)
    ahead.push(...modules.map((name) => resolve(dirname(file), name)))
    // k6 takes such a path from the module, older versions from the script.
    for (const name of opened) {
      const [nearest, other] = [resolve(dirname(file), name), resolve(dirname(main), name)]
      const there = [nearest, other].filter((one) => isThere(one))
      for (const one of there.length > 0 ? there : [nearest])
        if (!found.has(one)) take(one, textOf(one, `${name}, which ${shown} opens,`))
    }
  }
  return found
}

function isThere(file: string): boolean {
  try {
    readRegularFile(file, MOST_BYTES.trial)
    return true
  } catch {
    return false
  }
}

function textOf(file: string, shown: string): string {
  let text: string
  try {
    text = readRegularFile(file, MOST_BYTES.trial)
  } catch (error) {
    throw new Failure('script', `${shown} cannot be read`, {
      cause: error,
      remedy: 'Paths of scripts are relative to the scenario file, and paths within them to the script.',
    })
  }
  if (!text.includes('\uFFFD')) return text
  throw new Failure('script', `${shown} is no text in UTF-8`, {
    remedy: 'Give the script text only: encode binary data as base64.',
  })
}

function commonFolder(files: readonly string[]): string {
  const [first = [], ...others] = files.map((file) => dirname(file).split(sep))
  const shared = first.findIndex((part, depth) => others.some((other) => other[depth] !== part))
  return (shared < 0 ? first : first.slice(0, shared)).join(sep) || sep
}
