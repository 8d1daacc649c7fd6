import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { writeOnce } from '../../src/store/write-once.ts'
import { folder } from './example.ts'

// A file system without hard links, such as FAT.
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: () => Promise.reject(Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })),
}))

test('without hard links a file is still made only once', async () => {
  await using root = await folder()
  const path = join(root.path, 'once.json')
  await writeOnce(path, (file) => file.writeFile('first'))
  await expect(writeOnce(path, (file) => file.writeFile('second'))).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(path, 'utf8')).toBe('first')
  expect(await readdir(root.path)).toEqual(['once.json'])
})

test('what breaks while it is written leaves nothing', async () => {
  await using root = await folder()
  const broken = async () => {
    throw new Error('broke')
  }
  await expect(writeOnce(join(root.path, 'x'), broken)).rejects.toThrow('broke')
  await writeFile(join(root.path, 'y'), '')
  expect(await readdir(root.path)).toEqual(['y'])
})
