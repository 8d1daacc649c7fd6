import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { trialsOf } from '../../src/model/plan.ts'
import { readRun } from '../../src/store/read-run.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { createRun } from '../../src/store/run-writer.ts'
import { exampleReading, exampleResult, exampleRun, folder, rawOutput, resultEvent } from './example.ts'

const run = exampleRun()
const [first, second] = trialsOf(run.plan)
if (!first || !second) throw new Error('the example has trials')

test('what is written is read back', async () => {
  await using root = await folder()
  await using writer = await createRun(root.path, run)
  const result = exampleResult(run, first)
  await writer.write(resultEvent(result, [rawOutput('access.log', 'one\n', 'two\n')]))
  const { journal, details, ...record } = await readRun(writer.dir)
  expect(record).toEqual({ run, results: [result], installations: [], unreadable: [] })
  expect([...(journal?.digests.keys() ?? [])]).toEqual([first.id])
  expect(details(first.id)).toEqual(result)
  const zipped = await readFile(join(writer.dir, 'raw', `${first.id}.access.log.gz`))
  expect(gunzipSync(zipped).toString()).toBe('one\ntwo\n')
  expect((await readdir(join(writer.dir, 'trials'))).sort()).toEqual([`${first.id}.json`])
})

test('a result is never replaced', async () => {
  await using root = await folder()
  await using writer = await createRun(root.path, run)
  const result = exampleResult(run, first)
  await writer.write(resultEvent(result))
  await expect(writer.write(resultEvent(exampleResult(run, first)))).rejects.toMatchObject({ code: 'already-stored' })
  expect((await readRun(writer.dir)).results).toEqual([result])
})

test('a run is never made twice', async () => {
  await using root = await folder()
  await using _ = await createRun(root.path, run)
  await expect(createRun(root.path, run)).rejects.toMatchObject({ code: 'run-exists' })
})

test('a figure that JSON cannot hold is refused at once', async () => {
  await using root = await folder()
  await using writer = await createRun(root.path, run)
  const reading = { ...exampleReading(), seconds: Number.NaN }
  const writing = writer.write(resultEvent(exampleResult(run, first, { status: 'measured', reading })))
  await expect(writing).rejects.toMatchObject({
    code: 'not-storable',
    why: expect.stringContaining('outcome.reading.seconds'),
  })
  expect((await readRun(writer.dir)).results).toEqual([])
})

test('the journal has every event, without what stands elsewhere', async () => {
  await using root = await folder()
  const writer = await createRun(root.path, run)
  const [cohort] = run.plan.cohorts
  const [visit] = cohort?.blocks[0]?.visits ?? []
  if (!cohort || !visit) throw new Error('the example has a visit')
  const failure = { code: 'proxy-died', message: 'the proxy died' }
  const events: Event[] = [
    { at: 1, type: 'run', plan: run.plan, trials: 4, finished: 0 },
    { at: 2, type: 'cohort', cohort },
    { at: 3, type: 'visit', visit, cohort: 1, block: 1 },
    { at: 4, type: 'phase', trial: first, phase: 'collect', seconds: 0 },
    resultEvent(exampleResult(run, first, { status: 'failed', failure }), [rawOutput('stderr.txt', 'died')]),
    { at: 6, type: 'done', measured: 0, failed: 1 },
  ]
  for (const event of events) await writer.write(event)
  await writer.close()
  const lines = (await readFile(join(writer.dir, 'events.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at: 1, type: 'run', trials: 4, finished: 0 },
    { at: 2, type: 'cohort', cohort: 1, blocks: [1, 2] },
    { at: 3, type: 'visit', cohort: 1, block: 1, arm: 'none', trials: [first.id] },
    { at: 4, type: 'phase', trial: first.id, phase: 'collect', seconds: 0 },
    {
      at: expect.any(Number),
      type: 'result',
      trial: first.id,
      status: 'failed',
      failure,
      raw: ['stderr.txt'],
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    { at: 6, type: 'done', measured: 0, failed: 1 },
  ])
})

test('nothing is written to the journal when a window opens', async () => {
  await using root = await folder()
  await using writer = await createRun(root.path, run)
  const journal = join(writer.dir, 'events.jsonl')
  await writer.write({ at: 1, type: 'phase', trial: first, phase: 'warm-up', seconds: 1 })
  const { size } = await stat(journal)
  await writer.write({ at: 2, type: 'phase', trial: first, phase: 'measure', seconds: 1 })
  expect((await stat(journal)).size).toBe(size)
  await writer.write({ at: 3, type: 'phase', trial: first, phase: 'collect', seconds: 0 })
  expect((await readFile(journal, 'utf8')).split('\n').map((line) => line && JSON.parse(line).phase)).toEqual([
    'warm-up',
    'measure',
    'collect',
    '',
  ])
})

test('a run is reopened where it was left, and swept', async () => {
  await using root = await folder()
  const created = await createRun(root.path, run)
  await created.write(resultEvent(exampleResult(run, first), [rawOutput('log', 'kept')]))
  await created.close()
  const { dir } = created
  await writeFile(join(dir, 'trials', `.${second.id}.json.99.tmp`), '{"half')
  await writeFile(join(dir, 'raw', `.${second.id}.log.gz.99.tmp`), 'half')
  await writeFile(join(dir, 'raw', `${second.id}.log.gz`), 'of a trial that never got its result')
  await writeFile(join(dir, 'events.jsonl'), '{"half a li', { flag: 'a' })

  const { run: reread, finished, writer } = await reopenRun(dir)
  expect(reread).toEqual(run)
  expect([...finished]).toEqual([first.id])
  const failure = { code: 'broken', message: 'it broke' }
  await writer.write(resultEvent(exampleResult(run, second, { status: 'failed', failure }), [rawOutput('log', 'new')]))
  await writer.close()

  expect((await readdir(join(dir, 'raw'))).sort()).toEqual([`${first.id}.log.gz`, `${second.id}.log.gz`].sort())
  expect(await readdir(join(dir, 'trials'))).toHaveLength(2)
  const lines = (await readFile(join(dir, 'events.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'result', trial: second.id })
  const again = await reopenRun(dir)
  await again.writer.close()
  expect(again.finished).toEqual(new Set([first.id, second.id]))
})

test('a damaged result is neither finished nor written again: a person decides', async () => {
  await using root = await folder()
  const { dir, close } = await createRun(root.path, run)
  await close()
  await writeFile(join(dir, 'trials', `${first.id}.json`), '{"schema":1,"run":"x')
  await expect(reopenRun(dir)).rejects.toMatchObject({
    code: 'damaged-results',
    why: expect.stringContaining(`${first.id}.json: not JSON`),
    remedy: expect.stringContaining(join(dir, 'trials')),
  })
  expect((await readdir(dir)).filter((name) => name.startsWith('lock'))).toEqual([])
})

test('a folder that is no run is left alone', async () => {
  await using root = await folder()
  await expect(reopenRun(root.path)).rejects.toMatchObject({ code: 'unknown-run' })
  expect(await readdir(root.path)).toEqual([])
})

test.each([
  ['the run', (dir: string) => rm(dir, { recursive: true })],
  ['its newest trial', (dir: string) => rm(join(dir, 'trials'), { recursive: true })],
])('stops at the next visit where %s was removed', async (_, remove) => {
  await using root = await folder()
  await using writer = await createRun(root.path, run)
  const [visit] = run.plan.cohorts[0]?.blocks[0]?.visits ?? []
  if (!visit) throw new Error('the example has a visit')
  const event: Event = { at: 3, type: 'visit', visit, cohort: 1, block: 1 }
  await writer.write(resultEvent(exampleResult(run, first)))
  await writer.write(event)
  await remove(writer.dir)
  await expect(writer.write(event)).rejects.toMatchObject({ code: 'results-removed' })
})
