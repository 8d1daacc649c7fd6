import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pageScripts } from '../../src/commands/page-scripts.ts'
import { sharedFolder } from '../temporary-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** What the build reads beside itself. */
const BESIDE = ['package.json', 'node_modules', 'scenarios', 'manifests', 'kind-config.yaml']

let built: Promise<string> | undefined

/**
 * The program as the package has it, built once in a folder of its own: its entry. A process of it takes a third of the time of one
 * of the sources, which Node strips of types and which bundle the page's scripts, so it suits tests that start many.
 */
export function packageEntry(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  const folder = sharedFolder()
  const dist = join(folder, 'dist')
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', dist], { cwd: ROOT })
  writeFileSync(join(dist, 'page-scripts.json'), JSON.stringify(await pageScripts()))
  for (const name of BESIDE) symlinkSync(join(ROOT, name), join(folder, name))
  return join(dist, 'main.js')
}
