/**
 * Mutation testing of src/stats: Stryker changes the code in every way that it knows, one change at a time, and the tests of
 * tests/stats must notice. Writes docs/mutation.md; ends with 1 below the share that stryker.config.json demands.
 *
 *   npm run mutate                       all of src/stats, the smallest file first: half an hour on two idle cores
 *   npm run mutate -- src/stats/power.ts some files only; writes no page
 *
 * Files are done one by one, and what is done is kept in .stryker-tmp: stopped and started again, it goes on, and tests again
 * only what changed since. `rm -r .stryker-tmp` begins anew.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { pageOf, type Report, scoreOf } from './page.ts'
import config from './stryker.config.json' with { type: 'json' }

const root = new URL('../../', import.meta.url)
const named = process.argv.slice(2)
const files = named.length > 0 ? named : filesOf('src/stats/')
for (const [index, file] of files.entries()) {
  console.error(`${index + 1} of ${files.length}: ${file}`)
  const { signal, status, error } = spawnSync(
    'stryker',
    ['run', 'bench/mutation/stryker.config.json', '--mutate', file],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  if (signal || status !== 0) throw error ?? new Error(`Stryker ended with ${signal ?? status}: ${file}`)
}
const known: Report = JSON.parse(readFileSync(new URL(config.incrementalFile, root), 'utf8'))
// Stryker keeps what it knows of other files, also of those that are gone.
const report: Report = {
  files: Object.fromEntries(Object.entries(known.files).filter(([file]) => files.includes(file))),
}
const score = scoreOf(report)
console.log(`${(100 * score).toFixed(1)} % of the changes make a test fail`)
if (named.length === 0) writeFileSync(new URL('docs/mutation.md', root), pageOf(report))
if (score < config.thresholds.low / 100) process.exitCode = 1

/** The smallest first. */
function filesOf(folder: string): string[] {
  const names = readdirSync(new URL(folder, root)).map((name) => `${folder}${name}`)
  const size = (name: string) => statSync(new URL(name, root)).size
  return names.toSorted((a, b) => size(a) - size(b))
}
