import { spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockFolder } from '../../src/store/folder-lock.ts'
import { folder } from './example.ts'

test('one writer at a time; the next may when it is released', async () => {
  await using root = await folder()
  const lock = await lockFolder(root.path)
  await expect(lockFolder(root.path)).rejects.toMatchObject({
    code: 'run-locked',
    why: expect.stringContaining(`${process.pid}`),
  })
  await lock.release()
  await (await lockFolder(root.path)).release()
  expect(await readdir(root.path)).toEqual([])
})

test('a living process keeps its lock', async () => {
  await using root = await folder()
  const name = (await nameOfOwnLock(root.path)).replace(`-${process.pid}-`, `-${process.ppid}-`)
  const start = startOf(process.ppid)
  const living = name.replace(/-(\d+)-(\d+)-/, `-$1-${start}-`)
  await writeFile(join(root.path, living), '')
  await expect(lockFolder(root.path)).rejects.toMatchObject({
    code: 'run-locked',
    remedy: expect.stringContaining('kill -INT'),
  })
  expect(await readdir(root.path)).toEqual([living])
})

test('the lock of a dead process is taken over, also when its number is in use again', async () => {
  await using root = await folder()
  const { pid } = spawnSync(process.execPath, ['-v'])
  const name = await nameOfOwnLock(root.path)
  await writeFile(join(root.path, name.replace(`-${process.pid}-`, `-${pid}-`)), '')
  await writeFile(join(root.path, name.replace(/-(\d+)-(\d+)-/, '-$1-1-')), '')
  const lock = await lockFolder(root.path)
  expect(await readdir(root.path)).toEqual([name])
  await lock.release()
})

test('of another machine nobody can say that it is dead', async () => {
  await using root = await folder()
  await writeFile(join(root.path, `lock-1-1-not-${hostname()}`), '')
  await expect(lockFolder(root.path)).rejects.toMatchObject({
    code: 'run-locked',
    remedy: expect.stringContaining('remove'),
  })
})

test('of many at once at most one goes on', async () => {
  await using root = await folder()
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(root.path)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

async function nameOfOwnLock(dir: string): Promise<string> {
  const lock = await lockFolder(dir)
  const [name] = await readdir(dir)
  await lock.release()
  if (!name) throw new Error('there is a lock')
  return name
}

function startOf(pid: number): string {
  return spawnSync('awk', ['{ print $22 }', `/proc/${pid}/stat`])
    .stdout.toString()
    .trim()
}
