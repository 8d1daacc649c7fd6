import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { addToHistory, type HistoryStore, inFolder, onBranch, readHistory } from '../../src/store/history-store.ts'
import { testFolder } from '../temporary-folder.ts'
import { entry } from './example-history.ts'

const WRITER = fileURLToPath(new URL('add-to-history.ts', import.meta.url))

/** Three lines of two runs. */
async function filled(): Promise<{ dir: string; historyStore: HistoryStore; lines: () => string[] }> {
  const dir = testFolder()
  const historyStore = inFolder(dir)
  await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])
  await addToHistory(historyStore, [entry('b')])
  return { dir, historyStore, lines: () => readFileSync(join(dir, 'history.jsonl'), 'utf8').trimEnd().split('\n') }
}

function repository(): string {
  const folder = testFolder()
  execFileSync('git', ['init', '--quiet', '-b', 'main', folder])
  return folder
}

describe('a history', () => {
  it.each([
    ['in a folder', () => inFolder(join(testFolder(), 'new'))],
    ['on a branch', () => onBranch('meshbench-history', repository())],
  ])('%s gives back what was put in, once', async (_, make) => {
    const historyStore = make()
    expect((await readHistory(historyStore)).entries).toEqual([])
    expect(await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])).toBe(2)
    expect(await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])).toBe(0)
    expect(await addToHistory(historyStore, [entry('b')])).toBe(1)
    expect((await readHistory(historyStore)).entries).toEqual([entry('a'), entry('a', 'mesh'), entry('b')])
  })

  it('reads lines with and without the placement of an arm, in one chain', async () => {
    const { historyStore, lines } = await filled()
    const before = lines()
    expect(before.join()).not.toContain('placement')
    const placed = { ...entry('c'), placement: 'same-node', replicas: 12 }
    await addToHistory(historyStore, [placed])
    expect(lines().slice(0, 3)).toEqual(before)
    expect((await readHistory(historyStore)).entries).toEqual([entry('a'), entry('a', 'mesh'), entry('b'), placed])
    await addToHistory(historyStore, [entry('d')])
    expect((await readHistory(historyStore)).entries).toHaveLength(5)
  })

  it.each([
    ['folder', () => join(testFolder(), 'new'), inFolder],
    ['branch', repository, (dir: string) => onBranch('meshbench-history', dir)],
  ] as const)('in a %s loses nothing of four processes that add at once', async (where, make, open) => {
    const dir = make()
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map((name) => execa(process.execPath, [WRITER, where, dir, name, '5'])))
    const { entries } = await readHistory(open(dir))
    const added = names.flatMap((name) => Array.from({ length: 5 }, (_, index) => `${name}-${index}`))
    expect(entries.map(({ run }) => run).toSorted()).toEqual(added)
  })

  it('on a branch touches neither the work tree nor the index, and is a commit for each addition', async () => {
    const folder = repository()
    writeFileSync(join(folder, 'mine.txt'), 'untracked')
    const historyStore = onBranch('meshbench-history', folder)
    await addToHistory(historyStore, [entry('a')])
    await addToHistory(historyStore, [entry('b')])
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
    expect(git('status', '--porcelain')).toBe('?? mine.txt')
    expect(git('log', '--format=%s', 'meshbench-history').split('\n')).toEqual(['Add b', 'Add a'])
  })

  it('outside of a repository says so', async () => {
    const historyStore = onBranch('meshbench-history', testFolder())
    await expect(readHistory(historyStore)).rejects.toMatchObject({
      code: 'git',
      remedy: expect.stringContaining('repository'),
    })
  })

  it.each<[string, number, (lines: string[]) => string]>([
    ['a figure was changed', 2, ([a, b, c]) => `${[a, b?.replace('0.001', '0.002'), c].join('\n')}\n`],
    ['a line was taken out', 2, ([a, , c]) => `${[a, c].join('\n')}\n`],
    ['the first line was taken out', 1, ([, b, c]) => `${[b, c].join('\n')}\n`],
    ['two lines changed places', 2, ([a, b, c]) => `${[a, c, b].join('\n')}\n`],
    ['a line was cut within', 3, ([a, b, c]) => `${[a, b, c?.slice(0, 50)].join('\n')}\n`],
    ['the end of the last line is gone', 3, ([a, b, c]) => [a, b, c].join('\n')],
    ['the last line is gone', 3, ([a, b]) => `${[a, b].join('\n')}\n`],
    ['all is gone', 1, () => ''],
    ['something else was put in', 2, ([a, b, c]) => `${[a, '{}', b, c].join('\n')}\n`],
  ])('in which %s is refused, and line %i is named', async (_, line, tamper) => {
    const { dir, historyStore, lines } = await filled()
    writeFileSync(join(dir, 'history.jsonl'), tamper(lines()))
    const failure = { code: 'history-damaged', exitCode: 12, message: expect.stringMatching(`^line ${line} `) }
    await expect(readHistory(historyStore)).rejects.toMatchObject(failure)
    await expect(addToHistory(historyStore, [entry('c')])).rejects.toMatchObject(failure)
  })

  it('cannot be shown to be whole without its head', async () => {
    const { dir, historyStore } = await filled()
    rmSync(join(dir, 'history.head.json'))
    await expect(readHistory(historyStore)).rejects.toMatchObject({ code: 'history-damaged' })
  })

  it('whose head is one addition behind, as after a power cut between the two files, is whole', async () => {
    const { dir, historyStore } = await filled()
    const head = readFileSync(join(dir, 'history.head.json'))
    await addToHistory(historyStore, [entry('c')])
    writeFileSync(join(dir, 'history.head.json'), head)
    expect((await readHistory(historyStore)).entries).toHaveLength(4)
    expect(await addToHistory(historyStore, [entry('d')])).toBe(1)
    expect((await readHistory(historyStore)).entries).toHaveLength(5)
  })
})
