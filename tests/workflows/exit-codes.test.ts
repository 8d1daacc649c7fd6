import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXIT, type ExitCode } from '../../src/model/exit-codes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const textOf = (path: string) => readFileSync(resolve(ROOT, path), 'utf8')

/** Names of `EXIT` for the numbers that a pattern captures, in order and each once; a number that is none of them stays one. */
function namesIn(text: string, pattern: RegExp): string[] {
  const numbers = [...text.matchAll(pattern)].flatMap(([, ...found]) => found.filter((one) => one !== undefined))
  return [...new Set(numbers)].map(
    (number) => Object.keys(EXIT).find((name) => EXIT[name as keyof typeof EXIT] === Number(number)) ?? number,
  )
}

/** Rows `| name or code | meaning | … |` of the table below a head: the first cell and the first number of the column with codes. */
function rowsBelow(head: string, text: string): [first: string, last: string][] {
  const [, rest = ''] = text.split(head)
  const rows = rest.slice(0, rest.indexOf('\n\n')).split('\n').slice(2)
  return rows.map((row) => {
    const cells = row.split('|').slice(1, -1)
    return [cells[0]?.trim() ?? '', cells.at(-1)?.trim() ?? '']
  })
}

describe('exit codes that workflows type', () => {
  /** By what a line does with the number. */
  const USES = {
    'goes on with': /"\$code" -ne (\d+)/g,
    'says of the gate': /\.code == '(\d+)'/g,
    'ends with where nothing was judged': /\$\{CODE:-(\d+)\}/g,
    explains: /#(?: (\d+):|.*\bends? with (\d+))/g,
    'ends with itself': /^ +exit (\d+)$/gm,
  }

  it.each([
    [
      'nightly.yml',
      {
        'goes on with': ['ok', 'invalid'],
        'says of the gate': ['regression', 'budget'],
        'ends with where nothing was judged': ['invalid'],
        explains: ['invalid'],
        'ends with itself': ['usage'],
      },
    ],
    [
      'pull-request.yml',
      {
        'goes on with': ['ok', 'invalid'],
        'says of the gate': [],
        'ends with where nothing was judged': ['invalid'],
        explains: ['invalid'],
        'ends with itself': ['usage'],
      },
    ],
  ])('are those of EXIT in %s', (file, expected) => {
    const text = textOf(`.github/workflows/${file}`)
    const found = Object.entries(USES).map(([use, pattern]) => [use, namesIn(text, pattern)])
    expect(Object.fromEntries(found)).toEqual(expected)
  })

  it('are in no other workflow', () => {
    const others = globSync('.github/workflows/*.yml', { cwd: ROOT }).filter(
      (path) => !/nightly|pull-request/.test(path),
    )
    const typed = others.filter((path) => /\b1[0-3]\b.*\bcode\b|\bcode\b.*\b1[0-3]\b/i.test(textOf(path)))
    expect(typed).toEqual([])
  })
})

describe('exit codes that pages type', () => {
  it('have the verdicts of docs/ci.md', () => {
    const names: Readonly<Record<string, keyof typeof EXIT>> = {
      pass: 'ok',
      regression: 'regression',
      inconclusive: 'inconclusive',
      invalid: 'invalid',
      'budget broken': 'budget',
    }
    const rows = rowsBelow('| verdict | meaning | exit code |', textOf('docs/ci.md'))
    expect(Object.fromEntries(rows.map(([verdict, code]) => [verdict, Number.parseInt(code, 10)]))).toEqual(
      Object.fromEntries(Object.entries(names).map(([verdict, name]) => [verdict, EXIT[name]])),
    )
  })

  it.each(['README.md', 'docs/commands.md'])(
    'are all in the table of %s, with the meaning that their names say',
    (page) => {
      const rows = rowsBelow('| exit code | meaning |', textOf(page))
      const meanings = new Map(rows.map(([code, meaning]) => [Number(code) as ExitCode, meaning]))
      expect([...meanings.keys()]).toEqual(Object.values(EXIT))
      for (const name of ['invalid', 'budget', 'regression', 'interrupted'] as const) {
        expect(meanings.get(EXIT[name])).toContain(name)
      }
      expect(meanings.get(EXIT.inconclusive)).toContain('undecided')
    },
  )

  it('are all in the list of docs/json.md', () => {
    const [, list = ''] = textOf('docs/json.md').split('The exit code gives the same answer as a number: ')
    const found = [...list.slice(0, list.indexOf('\n\n')).matchAll(/\b(\d+) (\w+)/g)].map(([, code, word]) => [
      word,
      Number(code),
    ])
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(EXIT).map(([name, code]) => [name === 'ok' ? 'success' : name, code])),
    )
  })

  it('are codes of EXIT in every sentence', () => {
    const pages = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })].filter((path) => !/chaos|truth/.test(path))
    const strangers = pages.flatMap((path) =>
      namesIn(textOf(path), /(?:\bends? with|\bexit codes?(?: is)?) (\d+)\b(?! ?[%\w])/g)
        .filter((name) => !(name in EXIT))
        .map((name) => `${path}: ${name}`),
    )
    expect(strangers).toEqual([])
  })
})
