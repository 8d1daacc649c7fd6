import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { analyseRun } from '../../src/commands/analyse-run.ts'
import { pageOf } from './page.ts'
import { type RecordedRun, type Recording, recordedRuns } from './recording.ts'

/**
 * What two tails, p99 and typical-p99, find on the same recorded trials. Writes docs/tail.md from bench/tail/recorded.json.
 *
 *   npm run tail                               the page anew
 *   npm run tail -- --record RESULTS_DIR…      first records these runs, in place of those of before
 */

const { values, positionals } = parseArgs({
  options: { record: { type: 'boolean', default: false } },
  allowPositionals: true,
})
if (values.record !== positionals.length > 0) {
  console.error('usage: npm run tail [-- --record RESULTS_DIR…]')
  process.exit(2)
}
const file = new URL('recorded.json', import.meta.url)
if (values.record) writeFileSync(file, textOf(await record(positionals)))
const recording: Recording = JSON.parse(readFileSync(file, 'utf8'))
const page = pageOf(recording)
writeFileSync(new URL('../../docs/tail.md', import.meta.url), page)
console.log(page)

async function record(dirs: readonly string[]): Promise<Recording> {
  const runs: RecordedRun[] = []
  for (const dir of dirs) {
    const recorded = recordedRuns(await analyseRun(dir))
    if (recorded.length === 0) console.error(`${dir}: left out, since its results are of before slices were kept`)
    runs.push(...recorded)
  }
  return { schema: 1, runs }
}

/** One trial a line. */
function textOf({ schema, runs }: Recording): string {
  const written = runs.map(({ trials, ...about }) => {
    const lines = trials.map((trial) => `${JSON.stringify(trial)}`).join(',\n')
    return `${JSON.stringify(about).slice(0, -1)},"trials":[\n${lines}\n]}`
  })
  return `{"schema":${schema},"runs":[\n${written.join(',\n')}\n]}\n`
}
