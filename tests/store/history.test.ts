import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HistoryEntry } from '../../src/model/history.ts'
import { addToHistory, type HistoryStore, inFolder, onBranch, readHistory } from '../../src/store/history-store.ts'
import { emptyFolder } from '../flow/surroundings.ts'

const entry = (run: string, arm = 'none'): HistoryEntry => ({
  schema: 1,
  run,
  startedAt: '2026-01-01T00:00:00.000Z',
  scenario: 'night',
  platform: 'kind',
  profile: 'equalised',
  machine: 'x',
  arm,
  mesh: 'none',
  baseline: 'none',
  load: 'http',
  asked: 'rate 500',
  versions: { meshbench: '1' },
  validTrials: 10,
  plannedTrials: 10,
  metrics: { p50: { unit: 'seconds', better: 'lower', level: { center: 0.001, lo: 0.0009, hi: 0.0011, n: 10 } } },
})

/** Three lines of two runs. */
async function filled(): Promise<{ dir: string; historyStore: HistoryStore; lines: () => string[] }> {
  const dir = emptyFolder()
  const historyStore = inFolder(dir)
  await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])
  await addToHistory(historyStore, [entry('b')])
  return { dir, historyStore, lines: () => readFileSync(join(dir, 'history.jsonl'), 'utf8').trimEnd().split('\n') }
}

function repository(): string {
  const folder = emptyFolder()
  execFileSync('git', ['init', '--quiet', '-b', 'main', folder])
  return folder
}

describe('a history', () => {
  it.each([
    ['in a folder', () => inFolder(join(emptyFolder(), 'new'))],
    ['on a branch', () => onBranch('meshbench-history', repository())],
  ])('%s gives back what was put in, once', async (_, make) => {
    const historyStore = make()
    expect((await readHistory(historyStore)).entries).toEqual([])
    expect(await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])).toBe(2)
    expect(await addToHistory(historyStore, [entry('a'), entry('a', 'mesh')])).toBe(0)
    expect(await addToHistory(historyStore, [entry('b')])).toBe(1)
    expect((await readHistory(historyStore)).entries).toEqual([entry('a'), entry('a', 'mesh'), entry('b')])
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
    const historyStore = onBranch('meshbench-history', emptyFolder())
    await expect(readHistory(historyStore)).rejects.toMatchObject({
      code: 'git',
      fix: expect.stringContaining('repository'),
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
