import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { trialsOf } from '../../src/model/plan.ts'
import { readRun } from '../../src/store/read-run.ts'
import { exampleResult, exampleRun, folder } from './example.ts'

const run = exampleRun()
const [first, second, third, fourth] = trialsOf(run.plan)
if (!first || !second || !third || !fourth) throw new Error('the example has four trials')

async function runFolder(dir: string, files: Readonly<Record<string, unknown>>, about: unknown = run): Promise<void> {
  await mkdir(join(dir, 'trials'))
  await writeFile(join(dir, 'run.json'), JSON.stringify(about))
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(dir, 'trials', name), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

test('results come in the order in which they were measured', async () => {
  await using root = await folder()
  const results = [first, second, third].map((trial) => exampleResult(run, trial))
  await runFolder(root.path, Object.fromEntries(results.map((result) => [`${result.trial.id}.json`, result])))
  expect((await readRun(root.path)).results.map(({ trial }) => trial.order)).toEqual([1, 2, 3])
})

test.each([0, 600])('a figure that is not finite is no result, beside %i other files', async (others) => {
  await using root = await folder()
  const text = JSON.stringify(exampleResult(run, first)).replace(/"cpuSeconds":[\d.]+/, '"cpuSeconds":1e999')
  const rest = Object.fromEntries(Array.from({ length: others }, (_, index) => [`other-${index}.json`, '{}']))
  await runFolder(root.path, { [`${first.id}.json`]: text, ...rest })
  const { results, unreadable } = await readRun(root.path)
  expect(results).toEqual([])
  expect(unreadable.find(({ file }) => file.includes(first.id))?.reason).toContain('cpuSeconds')
})

test.each([0, 600])(
  'failures of earlier versions have their remedy, and others are refused, beside %i other files',
  async (others) => {
    await using root = await folder()
    const failed = (failure: unknown) => ({ ...exampleResult(run, first), outcome: { status: 'failed', failure } })
    const rest = Object.fromEntries(Array.from({ length: others }, (_, index) => [`other-${index}.json`, '{}']))
    await runFolder(root.path, {
      ...rest,
      [`${first.id}.json`]: failed({ code: 'x', message: 'it broke', fix: 'Mend it.' }),
      [`${second.id}.json`]: { ...failed(5), trial: second },
    })
    const { results, unreadable } = await readRun(root.path)
    expect(results.map(({ outcome }) => outcome)).toEqual([
      { status: 'failed', failure: { code: 'x', message: 'it broke', remedy: 'Mend it.' } },
    ])
    expect(unreadable.map(({ file }) => file)).toContain(`trials/${second.id}.json`)
  },
)

test('what cannot be read is listed with its reason', async () => {
  await using root = await folder()
  const whole = exampleResult(run, first)
  await runFolder(root.path, {
    [`${first.id}.json`]: whole,
    [`${second.id}.json`]: JSON.stringify(exampleResult(run, second)).slice(0, 400),
    [`${third.id}.json`]: { ...exampleResult(run, third), schema: 7 },
    [`${fourth.id}.json`]: { ...exampleResult(run, fourth), endedAt: undefined },
    'a-copy.json': whole,
    'foreign.json': { ...whole, run: '2025-01-01T0000-other-aaaa' },
    'unplanned.json': { ...whole, trial: { ...first, id: 'unplanned' } },
    'notes.txt': 'not a result',
    '.half.json.12.tmp': 'a writer is at work on it',
  })
  const { results, unreadable } = await readRun(root.path)
  expect(results).toEqual([whole])
  const reasons = Object.fromEntries(unreadable.map(({ file, reason }) => [file, reason]))
  expect(reasons).toEqual({
    [`trials/${second.id}.json`]: expect.stringContaining('not JSON, or only a part of it'),
    [`trials/${third.id}.json`]: 'made by a newer meshbench (schema 7; this one reads up to 1)',
    [`trials/${fourth.id}.json`]: expect.stringContaining('endedAt: '),
    'trials/a-copy.json': `its name does not fit its trial, ${first.id}`,
    'trials/foreign.json': 'a result of another run, 2025-01-01T0000-other-aaaa',
    'trials/unplanned.json': 'the plan has no such trial',
    'trials/notes.txt': expect.stringContaining('not JSON'),
  })
})

test('a result that claims another place in the plan is not believed', async () => {
  await using root = await folder()
  await runFolder(root.path, { [`${first.id}.json`]: exampleResult(run, { ...first, block: 2 }) })
  const { results, unreadable } = await readRun(root.path)
  expect(results).toEqual([])
  expect(unreadable[0]?.reason).toBe('block is 2, but 1 in the plan')
})

test.each([
  ['another plan than its digest says', { ...run, plan: { ...run.plan, cohorts: [] } }, 'digest'],
  ['a newer schema', { ...run, schema: 2 }, 'newer meshbench'],
  ['no id', { ...run, id: undefined }, 'id: '],
])('run.json with %s is refused', async (_, about, reason) => {
  await using root = await folder()
  await runFolder(root.path, {}, about)
  await expect(readRun(root.path)).rejects.toMatchObject({ code: 'damaged-run', why: expect.stringContaining(reason) })
})

test('a folder without run.json is no run', async () => {
  await using root = await folder()
  await expect(readRun(root.path)).rejects.toMatchObject({ code: 'unknown-run' })
})
