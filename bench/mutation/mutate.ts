/**
 * Mutation testing of src/stats: Stryker changes the code in every way that it knows, one change at a time, and the tests of
 * tests/stats must notice. Writes docs/mutation.md; ends with 1 below the share that stryker.config.json demands.
 *
 *   npm run mutate                       all of src/stats, a quarter of an hour on two idle cores
 *   npm run mutate -- src/stats/holm.ts  some files only; writes nothing
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { pageOf, type Report } from './page.ts'

const files = process.argv.slice(2)
const config = 'bench/mutation/stryker.config.json'
const some = files.length === 0 ? [] : ['--mutate', files.join(',')]
const { status } = spawnSync('stryker', ['run', config, ...some], { stdio: 'inherit' })
if (files.length === 0) {
  const root = new URL('../../', import.meta.url)
  const report: Report = JSON.parse(readFileSync(new URL('.stryker-tmp/mutation.json', root), 'utf8'))
  writeFileSync(new URL('docs/mutation.md', root), pageOf(report))
}
process.exitCode = status ?? 1
