import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeScratch } from '../../src/host/scratch.ts'
import { type Plan, trialsOf } from '../../src/model/plan.ts'
import type { Run } from '../../src/model/result.ts'
import { isPathName } from '../../src/model/run-folder.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { shardPlan } from '../../src/plan/shards.ts'
import { runDigest, runId } from '../../src/store/find-run.ts'
import { inFolder, readHistory } from '../../src/store/history-store.ts'
import { mergeRuns } from '../../src/store/merge-runs.ts'
import { planDigest, readRun, readRunFile } from '../../src/store/read-run.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { createRun } from '../../src/store/run-writer.ts'
import { examplePlan, exampleResult, exampleRun, folder, resultEvent } from './example.ts'

const ESCAPE = '../../../ESCFILE'

/** A run of somebody else, whose digest is right: who changes a plan can make its digest too. */
async function foreignRun(dir: string, run: Run): Promise<string> {
  for (const name of ['trials', 'raw']) await mkdir(join(dir, name), { recursive: true })
  await writeFile(join(dir, 'run.json'), JSON.stringify(run))
  return dir
}

/** The example's plan, with something else in it. */
function planWith(change: (plan: { [Key in keyof Plan]: Plan[Key] }) => void): Plan {
  const plan = structuredClone(examplePlan())
  change(plan)
  return plan
}

const first = (plan: Plan) => trialsOf(plan)[0] as { id: string; arm: string; load: string }

describe('names of a foreign run that lead out of its folder are refused where the run is read', () => {
  const NUL = String.fromCharCode(0)
  test.each([
    ['the run', exampleRun(examplePlan(), ESCAPE), 'its id'],
    ['the run, hidden', exampleRun(examplePlan(), '.x'), 'its id'],
    ['the run, empty', exampleRun(examplePlan(), ''), 'its id'],
    ['the run, of two lines', exampleRun(examplePlan(), 'a\nb'), 'its id'],
    ['a trial', exampleRun(planWith((plan) => Object.assign(first(plan), { id: ESCAPE }))), 'the id of a trial'],
    [
      'a trial, for another system',
      exampleRun(planWith((plan) => Object.assign(first(plan), { id: 'a\\b' }))),
      'the id of a trial',
    ],
    [
      'a trial, cut by NUL',
      exampleRun(planWith((plan) => Object.assign(first(plan), { id: `a${NUL}` }))),
      'the id of a trial',
    ],
    [
      'a trial, too long',
      exampleRun(planWith((plan) => Object.assign(first(plan), { id: 'a'.repeat(300) }))),
      'the id of a trial',
    ],
    [
      'an arm of a trial',
      exampleRun(planWith((plan) => Object.assign(first(plan), { arm: ESCAPE }))),
      'the name of an arm',
    ],
    [
      'a load of a trial',
      exampleRun(planWith((plan) => Object.assign(first(plan), { load: ESCAPE }))),
      'the name of a load',
    ],
    [
      'an arm of the scenario',
      exampleRun(planWith(({ scenario }) => Object.assign(scenario.arms[0] as object, { name: ESCAPE }))),
      'the name of an arm',
    ],
    [
      'a load of the scenario',
      exampleRun(planWith(({ scenario }) => Object.assign(scenario.loads[0] as object, { name: ESCAPE }))),
      'the name of a load',
    ],
  ])('%s', async (_, run, what) => {
    await using root = await folder()
    const dir = await foreignRun(join(root.path, 'results', 'x'), run)
    const refusal = { code: 'damaged-run', why: expect.stringContaining(`${what}, `) }
    expect(() => readRunFile(dir)).toThrow(expect.objectContaining(refusal))
    await expect(reopenRun(dir)).rejects.toMatchObject(refusal)
    expect(await readdir(dir)).toEqual(['raw', 'run.json', 'trials'])
  })

  test('a trial of an extension', async () => {
    await using root = await folder()
    const run = exampleRun()
    const dir = await foreignRun(root.path, run)
    const { cohorts } = planWith((plan) => Object.assign(first(plan), { id: ESCAPE }))
    const digest = planDigest({ scenario: run.plan.scenario, cohorts })
    const about = { schema: 1, run: run.id, madeAt: '2026-11-22T10:34:00.000Z', suspects: [] }
    await writeFile(join(dir, 'extension.json'), JSON.stringify({ ...about, digest, cohorts }))
    expect(() => readRunFile(dir)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('the id of a trial, ') }),
    )
  })
})

test.each(['trials', 'raw', 'arms', 'events.jsonl'])(
  '%s as a link out of the run is not written through',
  async (name) => {
    await using root = await folder()
    const outside = join(root.path, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, '.mine.tmp'), 'mine')
    await writeFile(join(outside, `${trialsOf(examplePlan())[0]?.id}.log.gz`), 'mine')
    const dir = join(root.path, 'run')
    await mkdir(dir)
    const parts = ['trials', 'raw'].filter((part) => part !== name)
    for (const part of parts) await mkdir(join(dir, part))
    await writeFile(join(dir, 'run.json'), JSON.stringify(exampleRun()))
    await symlink(name === 'events.jsonl' ? join(outside, '.mine.tmp') : outside, join(dir, name))
    await expect(reopenRun(dir)).rejects.toMatchObject({
      code: 'damaged-run',
      message: expect.stringContaining(`${join(dir, name)} is not a f`),
    })
    expect(await readdir(outside)).toHaveLength(2)
    expect(await readFile(join(outside, '.mine.tmp'), 'utf8')).toBe('mine')
  },
)

describe('a plan of another shape is refused where the run is read, in words', () => {
  const shapes: Record<string, (plan: Plan) => unknown> = {
    'no scenario': (plan) => Object.assign(plan, { scenario: undefined }),
    'no cohorts': (plan) => Object.assign(plan, { cohorts: undefined }),
    'cohorts of another kind': (plan) => Object.assign(plan, { cohorts: { 1: [] } }),
    'a block of nothing': (plan) => Object.assign(plan, { cohorts: [{ cohort: 1, blocks: [null] }] }),
    'a trial without an id': (plan) => Object.assign(first(plan), { id: undefined }),
    'no arms': ({ scenario }) => Object.assign(scenario, { arms: [] }),
    'an arm that is a word': ({ scenario }) => Object.assign(scenario, { arms: ['none'] }),
    'a load without a rate': ({ scenario }) => Object.assign(scenario.loads[0] as object, { rate: undefined }),
    'a rate of words': ({ scenario }) => Object.assign(scenario.loads[0] as object, { rate: 'fast' }),
    'no simulation': ({ scenario }) => Object.assign(scenario, { simulation: undefined }),
    'limits that are a word': ({ scenario }) => Object.assign(scenario, { gate: 'strict' }),
    'limits without blocks': ({ scenario }) => Object.assign(scenario, { gate: { metrics: ['p50'] } }),
  }

  test.each(Object.entries(shapes))('%s', async (_, change) => {
    await using root = await folder()
    const run = exampleRun(planWith((plan) => void change(plan)))
    const dir = await foreignRun(join(root.path, 'results', 'x'), run)
    const refusal = { code: 'damaged-run', why: expect.stringMatching(/^plan\.[\w.]+: (it is |the list is empty)/) }
    expect(() => readRunFile(dir)).toThrow(expect.objectContaining(refusal))
    await expect(reopenRun(dir)).rejects.toMatchObject({ code: 'damaged-run' })
  })

  test('a result that is larger than any', async () => {
    await using root = await folder()
    const run = exampleRun()
    const dir = await foreignRun(join(root.path, 'a'), run)
    const file = `trials/${trialsOf(run.plan)[0]?.id}.json`
    await writeFile(join(dir, file), '')
    await truncate(join(dir, file), 9 * 1024 * 1024)
    const reason = 'it has 9 MiB; no such file has more than 8 MiB'
    expect((await readRun(dir)).unreadable).toEqual([{ file, reason }])
  })
})

describe('only regular files of the run itself are read', () => {
  const ways = {
    'a link out of the run': (path: string) => symlink('/etc/hostname', path),
    'a link to a device': (path: string) => symlink('/dev/zero', path),
    'a pipe': async (path: string) => void execFileSync('mkfifo', [path]),
    'a folder': async (path: string) => void (await mkdir(path)),
  }
  const run = exampleRun()
  const id = trialsOf(run.plan)[0]?.id

  test.each(Object.entries(ways))('%s', async (_, put) => {
    await using root = await folder()
    const dir = await foreignRun(join(root.path, 'a'), run)
    await mkdir(join(dir, 'arms'))
    for (const file of [`trials/${id}.json`, 'arms/none-0123.json']) await put(join(dir, file))
    const reason = expect.stringMatching(
      /^it is (a link, which may lead out of the folder|not a regular file|a folder)$/,
    )
    expect((await readRun(dir)).unreadable).toEqual([
      { file: `trials/${id}.json`, reason },
      { file: 'arms/none-0123.json', reason },
    ])
    expect(runDigest(dir)).toMatch(/^[0-9a-f]{64}$/)

    for (const file of ['run.json', 'extension.json', 'events.jsonl']) {
      const other = await foreignRun(join(root.path, file), run)
      await rm(join(other, file), { force: true })
      await put(join(other, file))
      expect(() => readRunFile(other)).toThrow(
        expect.objectContaining({ code: 'damaged-run', why: expect.stringMatching(/^it is /) }),
      )
    }

    const kept = join(root.path, 'history')
    await mkdir(kept)
    await put(join(kept, 'history.jsonl'))
    await expect(readHistory(inFolder(kept))).rejects.toMatchObject({ code: 'history-damaged' })
  })

  test('what a link in raw/ names does not get into a merged run', async () => {
    await using root = await folder()
    const whole = makePlan({ ...examplePlan(2).scenario, cohorts: 2 })
    const parts = [1, 2].map((index) => shardPlan(whole, { index, of: 2 }))
    const dirs: string[] = []
    for (const [index, plan] of parts.entries()) {
      const part = exampleRun(plan, `2026-11-22T1034-part-${index}`)
      const writer = await createRun(root.path, part)
      for (const trial of trialsOf(plan)) await writer.write(resultEvent(exampleResult(part, trial)))
      await writer.close()
      await symlink('/etc/hostname', join(writer.dir, 'raw', `x${index}.gz`))
      dirs.push(writer.dir)
    }
    expect(await readdir(join(await mergeRuns(dirs, root.path), 'raw'))).toEqual([])
  })
})

test('a scratch folder is nowhere else', async () => {
  await expect(makeScratch(ESCAPE)).rejects.toThrow('not fit')
  const scratch = await makeScratch('a-run')
  await expect(scratch.folder('1', '..', '..', 'x')).rejects.toThrow('not fit')
  await scratch.remove()
})

test('every name that is made here is fit', () => {
  expect(isPathName(runId(new Date(), 'a very long name '.repeat(9), Math.random))).toBe(true)
  for (const { id } of trialsOf(examplePlan())) expect(isPathName(id)).toBe(true)
})
