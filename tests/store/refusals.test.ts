import { spawnSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { trialsOf } from '../../src/model/plan.ts'
import { lockFolder } from '../../src/store/folder-lock.ts'
import { readRun } from '../../src/store/read-run.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { createRun, openWriter } from '../../src/store/run-writer.ts'
import { storageFailure } from '../../src/store/write-once.ts'
import { exampleResult, exampleRun, folder, rawOutput, resultEvent } from './example.ts'

const run = exampleRun()
const [first, second] = trialsOf(run.plan)
if (!first || !second) throw new Error('the example has trials')

/** A file system of 256 KiB; undefined where this user may not mount. */
function mountTiny(path: string): Disposable | undefined {
  if (process.platform !== 'linux') return undefined
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path])
  return status === 0 ? { [Symbol.dispose]: () => void spawnSync('umount', ['-l', path]) } : undefined
}

test('a full disk: one failure; what was finished survives, and the run goes on when there is room', async (context) => {
  await using root = await folder()
  using disk = mountTiny(root.path)
  if (!disk) context.skip('this user may not mount a file system')
  const writer = await createRun(root.path, run)
  await writer.write(resultEvent(exampleResult(run, first)))
  const ballast = join(root.path, 'ballast')
  await writeFile(ballast, Buffer.alloc(1 << 20)).catch(() => undefined)
  const writing = writer.write(resultEvent(exampleResult(run, second), [rawOutput('log', 'x')]))
  await expect(writing).rejects.toMatchObject({
    code: 'disk-full',
    why: expect.stringContaining('no space left'),
    exitCode: 3,
  })
  await rm(ballast)
  await writer.close()
  expect(await readRun(writer.dir)).toMatchObject({ results: [{ trial: { id: first.id } }], unreadable: [] })
  const reopened = await reopenRun(writer.dir)
  await reopened.writer.write(resultEvent(exampleResult(run, second), [rawOutput('log', 'x')]))
  await reopened.writer.close()
  expect((await readRun(writer.dir)).results).toHaveLength(2)
})

test.runIf(process.platform === 'linux')('a full disk under the journal is the same failure', async () => {
  await using root = await folder()
  const created = await createRun(root.path, run)
  await created.close()
  await rm(join(created.dir, 'events.jsonl'))
  await symlink('/dev/full', join(created.dir, 'events.jsonl'))
  const writer = await openWriter(created.dir, await lockFolder(created.dir))
  const writing = writer.write({ at: 1, type: 'lowered', arm: 'none' })
  await expect(writing).rejects.toMatchObject({ code: 'disk-full' })
  await writer.close()
})

test('a root below a file, or that is a file', async () => {
  await using root = await folder()
  const file = join(root.path, 'file')
  await writeFile(file, '')
  for (const path of [file, join(file, 'results')]) {
    await expect(createRun(path, run)).rejects.toMatchObject({
      code: 'not-writable',
      message: expect.stringContaining('a part of its path is a file'),
      remedy: expect.stringContaining('another folder'),
    })
  }
})

test('a read-only file system', async (context) => {
  await using root = await folder()
  using disk = mountTiny(root.path)
  if (!disk) context.skip('this user may not mount a file system')
  spawnSync('mount', ['-o', 'remount,ro', root.path])
  await expect(createRun(root.path, run)).rejects.toMatchObject({
    code: 'not-writable',
    why: expect.stringContaining('read-only file system'),
  })
})

test.runIf(process.getuid?.() !== 0)('a folder of somebody else', async () => {
  await using root = await folder()
  await mkdir(join(root.path, 'closed'), { mode: 0o500 })
  await expect(createRun(join(root.path, 'closed'), run)).rejects.toMatchObject({ code: 'not-writable' })
})

test.each([
  ['EACCES', 'not-writable'],
  ['EPERM', 'not-writable'],
  ['EDQUOT', 'disk-full'],
  ['EMFILE', 'too-many-files'],
  ['ENFILE', 'too-many-files'],
  ['EIO', 'not-stored'],
])('%s is %s, with cause and remedy', (errno, code) => {
  const failure = storageFailure(Object.assign(new Error(`${errno}: it said no`), { code: errno }), 'results/x')
  expect(failure).toMatchObject({ code, why: `${errno}: it said no`, message: expect.stringContaining('results/x') })
  expect(failure.remedy).toBeTruthy()
})
