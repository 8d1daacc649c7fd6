import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { EXIT } from '../../src/model/exit-codes.ts'

/** Numbers that stand where a pattern has its group, each once, in order. */
function numbers(text: string, pattern: RegExp): number[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found]) => Number(found)))]
}

/** Where a shell or an expression of GitHub compares what meshbench ended with, or ends with the same. */
const MEASURED = /"\$code" -(?:ne|eq) (\d+)/g
const FOUND = /\boutputs\.code == '(\d+)'/g
const WITHOUT = /\$\{CODE:-(\d+)\}/g
const REFUSED = /::error title=meshbench::[^\n]*\n\s*exit (\d+)/g

it.each(globSync(['.github/workflows/*.yml', 'docs/*.md']))('%s compares exit codes that meshbench has', (file) => {
  const text = readFileSync(file, 'utf8')
  const known = (all: readonly number[], ...of: number[]) => expect(of).toEqual(expect.arrayContaining([...all]))
  known(numbers(text, MEASURED), EXIT.ok, EXIT.invalid)
  known(numbers(text, FOUND), EXIT.regression, EXIT.budget)
  known(numbers(text, WITHOUT), EXIT.invalid)
  known(numbers(text, REFUSED), EXIT.usage)
})

it('compares them somewhere', () => {
  const all = globSync('.github/workflows/*.yml').map((file) => readFileSync(file, 'utf8'))
  const found = (pattern: RegExp) => all.flatMap((text) => numbers(text, pattern)).length
  for (const pattern of [MEASURED, FOUND, WITHOUT, REFUSED]) expect(found(pattern)).toBeGreaterThan(0)
})

it.each(['README.md', 'docs/commands.md'])('%s has a row for each', (file) => {
  const [, table = ''] = readFileSync(file, 'utf8').split('| exit code | meaning |')
  const [rows = ''] = table.split('\n\n')
  expect(numbers(rows, /^\| (\d+) \|/gm)).toEqual(Object.values(EXIT))
})

it('the verdicts of docs/ci.md end with theirs', () => {
  const text = readFileSync('docs/ci.md', 'utf8')
  const codeOf = (verdict: string) =>
    Number(new RegExp(String.raw`^\| ${verdict} \|.*\| (\d+)(?: for [^|]*)? \|$`, 'm').exec(text)?.[1])
  expect(['pass', 'regression', 'inconclusive', 'invalid', 'budget broken'].map(codeOf)).toEqual([
    EXIT.ok,
    EXIT.regression,
    EXIT.inconclusive,
    EXIT.invalid,
    EXIT.budget,
  ])
})

it('docs/json.md lists them', () => {
  const text = readFileSync('docs/json.md', 'utf8').replaceAll('\n', ' ')
  const [, told = ''] = /same answer as a number: (.*?)\. {1,2}/.exec(text) ?? []
  expect(numbers(told, /(?:^|, )(\d+) /g)).toEqual(Object.values(EXIT))
})
