import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findRun, isRunId, listRuns, runId } from '../../src/store/find-run.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { examplePlan, folder } from './example.ts'

const NOW = new Date('2026-11-22T10:34:56Z')

test('an id sorts by time, says what it is, and fits a label', () => {
  expect(runId(NOW, 'quick', () => 0.43)).toBe('2026-11-22T1034-quick-fha2')
  expect(runId(NOW, 'Sweep of 1k/s!', () => 0)).toBe('2026-11-22T1034-sweep-of-1k-s-0000')
  const long = runId(NOW, 'a very long name '.repeat(9), () => 0.999999)
  expect(long).toMatch(/^[A-Za-z0-9][-A-Za-z0-9]{0,61}[A-Za-z0-9]$/)
  expect(isRunId(long)).toBe(true)
  expect(isRunId('example')).toBe(false)
})

test('a digest does not depend on the order of keys, and does on everything else', () => {
  const plan = examplePlan()
  const { cohorts, scenario } = plan
  const reversed = Object.fromEntries(Object.entries(scenario).reverse()) as typeof scenario
  expect(planDigest({ cohorts, scenario: reversed })).toBe(planDigest(plan))
  expect(planDigest(JSON.parse(JSON.stringify(plan)))).toBe(planDigest(plan))
  expect(planDigest({ ...plan, cohorts: [...cohorts, ...cohorts] })).not.toBe(planDigest(plan))
  expect(planDigest({ ...plan, scenario: { ...scenario, arms: scenario.arms.toReversed() } })).not.toBe(
    planDigest(plan),
  )
  expect(planDigest(plan)).toMatch(/^[0-9a-f]{64}$/)
})

async function runsIn(root: string, ...ids: string[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    await mkdir(join(root, id))
    await writeFile(join(root, id, 'run.json'), '{}')
    await utimes(join(root, id, 'run.json'), 1000 + index, 1000 + index)
  }
}

const OLD = '2026-11-20T0900-quick-aaaa'
const EARLIER = '2026-11-22T1034-standard-bbbb'
const LATER = '2026-11-22T1034-aa-cccc'

test('a run is found by path, id or the beginning of its id; the newest without a name', async () => {
  await using root = await folder()
  await runsIn(root.path, OLD, EARLIER, LATER, 'zz-renamed')
  await mkdir(join(root.path, '2027-01-01T0000-not-a-run-dddd'))
  expect(await listRuns(root.path)).toEqual([LATER, EARLIER, OLD, 'zz-renamed'])
  const found = async (given?: string) => (await findRun(root.path, given)).slice(root.path.length + 1)
  expect(await found()).toBe(LATER)
  expect(await found(OLD)).toBe(OLD)
  expect(await found('2026-11-20')).toBe(OLD)
  expect(await found(join(root.path, EARLIER))).toBe(EARLIER)
  expect(await found(join(root.path, EARLIER, 'run.json'))).toBe(EARLIER)
})

test('what is not found is told from what is ambiguous, with the nearest', async () => {
  await using root = await folder()
  await runsIn(root.path, OLD, EARLIER, LATER)
  await expect(findRun(root.path, '2026-11-22')).rejects.toMatchObject({
    code: 'unknown-run',
    message: '2026-11-22 matches 2 runs',
    why: `${LATER}, ${EARLIER}`,
  })
  await expect(findRun(root.path, '2026-11-20T0900-quick-aaab')).rejects.toMatchObject({
    code: 'unknown-run',
    why: expect.stringMatching(new RegExp(`^the nearest of 3: ${OLD}`)),
  })
})

test('where there is no run yet', async () => {
  await using root = await folder()
  await expect(findRun(join(root.path, 'nowhere'))).rejects.toMatchObject({
    code: 'unknown-run',
    message: 'there is no run yet',
    remedy: 'Make one with `meshbench run`.',
  })
})

test('a folder with another name, such as an example, is the newest only where there is no other', async () => {
  await using root = await folder()
  await runsIn(root.path, 'example-kind')
  expect(await findRun(root.path)).toBe(join(root.path, 'example-kind'))
  await runsIn(root.path, OLD)
  expect(await findRun(root.path)).toBe(join(root.path, OLD))
})
