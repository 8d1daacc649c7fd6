import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { analyseExamined } from '../../src/analyse/analyse.ts'
import { examiner } from '../../src/analyse/judge-trial.ts'
import { analyseRun, wholeAnalysis } from '../../src/commands/analyse-run.ts'
import { ownLines } from '../../src/host/regular-file.ts'
import { trialsOf } from '../../src/model/plan.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { readRun } from '../../src/store/read-run.ts'
import { createRun } from '../../src/store/run-writer.ts'
import { exampleResult, exampleRun, folder, resultEvent } from './example.ts'

const run = exampleRun()

/** A run with a result of every trial. */
async function written() {
  const root = await folder()
  const writer = await createRun(root.path, run)
  const results = trialsOf(run.plan).map((trial) => exampleResult(run, trial))
  for (const result of results) await writer.write(resultEvent(result))
  await writer.close()
  return { root, dir: writer.dir, results }
}

test('an analysis holds no time line, slices or histograms, and details have them', async () => {
  const { root, dir, results } = await written()
  await using _ = root
  const { record, trials } = await analyseRun(dir)
  expect(trials).toHaveLength(results.length)
  const held = JSON.stringify({ results: record.results, trials })
  for (const name of ['timeline', 'slices', 'HISTFAA']) expect(held).not.toContain(name)
  for (const result of results) expect(record.details(result.trial.id)).toEqual(result)
})

test('what --json writes of an analysis has all of every trial', async () => {
  const { root, dir, results } = await written()
  await using _ = root
  const { record, trials } = JSON.parse(JSON.stringify(wholeAnalysis(await analyseRun(dir))))
  expect(record.results).toEqual(results)
  expect(trials.map(({ result }: (typeof trials)[number]) => result)).toEqual(results)
})

test('a trial whose file changes after it was read is not drawn', async () => {
  const { root, dir, results } = await written()
  await using _ = root
  const record = await readRun(dir, examiner)
  const [first] = results
  if (!first) throw new Error('the example has trials')
  await appendFile(join(dir, 'trials', `${first.trial.id}.json`), ' ')
  const changed = { code: 'damaged-results', why: 'it is not the file that was read before' }
  expect(() => record.details(first.trial.id)).toThrow(expect.objectContaining(changed))
  expect(() => pageData(analyseExamined(record))).toThrow(expect.objectContaining(changed))
})

test('results come in the order of the plan, whatever their names', async () => {
  const { root, dir } = await written()
  await using _ = root
  const read: number[] = []
  await readRun(
    dir,
    () =>
      ({ trial }) =>
        read.push(trial.order),
  )
  expect(read).toEqual(read.toSorted((a, b) => a - b))
})

test('lines are whole where a chunk ends within one, or within a character', async () => {
  await using root = await folder()
  const path = join(root.path, 'lines')
  const lines = Array.from({ length: 9000 }, (_, line) => `${line} ${'µ€'.repeat(line % 40)}`)
  await writeFile(path, `${lines.join('\n')}\nhalf a li`)
  expect([...ownLines(path)]).toEqual((await readFile(path, 'utf8')).split('\n'))
  await writeFile(path, '')
  expect([...ownLines(path)]).toEqual([])
})

test('a line that does not end is no line of a journal: it is named, and not searched again with each part', async () => {
  await using root = await folder()
  const path = join(root.path, 'events.jsonl')
  await writeFile(path, 'x'.repeat(30e6))
  expect(() => [...ownLines(path)]).toThrow('it has a line of more than 8 MiB')
})
