import { describe, expect, it } from 'vitest'
import { isDoomed, sayWhatStays } from '../../src/commands/clean.ts'
import type { Leftover, Spared } from '../../src/model/platform.ts'

const leftover = (what: string, alive: boolean, spared?: Spared): Leftover => ({
  ...{ run: 'r', what, alive, remove: async () => {} },
  ...(spared && { spared }),
})
const found = [
  leftover('dead', false),
  leftover('alive', true),
  leftover('kept', false, 'kept'),
  leftover('unrecorded', false, 'unrecorded'),
  leftover('pulled', false, 'pulled'),
]

describe('clean', () => {
  it.each([
    [{}, ['dead']],
    [{ kept: true }, ['dead', 'kept']],
    [{ images: true }, ['dead', 'pulled']],
    [{ all: true }, ['dead', 'alive', 'kept', 'unrecorded']],
    [{ all: true, images: true }, ['dead', 'alive', 'kept', 'unrecorded', 'pulled']],
  ])('removes, with the options %j, what is %j and nothing else', (options, taken) => {
    const doomed = found.filter((one) => isDoomed(one, { results: '', ...options }))
    expect(doomed.map(({ what }) => what)).toEqual(taken)
  })

  it('says what it leaves alone, and how that is removed', () => {
    const lines: string[] = []
    sayWhatStays(found.slice(1), { write: (line: string) => lines.push(line) > 0 })
    expect(lines).toEqual([
      'left alone: unrecorded; --all removes it\n',
      'left alone: 1 kept for the next run; --kept removes them\n',
      'left alone: 1 pulled by runs, left in Docker; --images removes them\n',
      'left alone: 1 of runs in progress; --all removes them too\n',
    ])
  })
})
