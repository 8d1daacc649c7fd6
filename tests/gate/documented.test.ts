import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { meshbench } from '../flow/surroundings.ts'
import { night } from './night.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const DOCS = readFileSync(resolve(ROOT, 'docs/json.md'), 'utf8')

/** Keys that the first column of a table names, below a heading or sentence that begins so. */
function keysBelow(beginning: string): Set<string> {
  const [, rest = ''] = DOCS.split(`\n${beginning}`)
  const rows = rest.split('\n').filter((line) => line.startsWith('|'))
  const table = rest.slice(0, rest.indexOf('\n\n', rest.indexOf('\n|')))
  return new Set(
    rows
      .filter((row) => table.includes(row))
      .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, key]) => key ?? '')),
  )
}

/** Properties of an interface of the verdict's types. */
function keysOf(name: string): string[] {
  const source = readFileSync(resolve(ROOT, 'src/model/verdict.ts'), 'utf8')
  const [, body = ''] = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? []
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key]) => key ?? '')
}

describe('docs/json.md', () => {
  it('has every key of a gate and of its cells, and none else', () => {
    expect(keysOf('GateCell').length).toBeGreaterThan(20)
    expect([...keysBelow('One of `cells`')].toSorted()).toEqual(keysOf('GateCell').toSorted())
    expect([...keysBelow('## `gate`')].toSorted()).toEqual(
      keysOf('GateResult')
        .filter((key) => key !== 'schema')
        .toSorted(),
    )
  })

  it('has every key that is really printed', async () => {
    const few = await (await night({ blocks: 4 })).gate('--json')
    const pass = await (await night()).gate('--json')
    for (const { stdout } of [few, pass]) {
      const { gate } = JSON.parse(stdout)
      for (const cell of gate.cells) {
        expect(Object.keys(cell).filter((key) => !keysBelow('One of `cells`').has(key))).toEqual([])
      }
    }
  })

  it('has what accepting a reference prints', async () => {
    const { cwd } = await night()
    const { stdout } = await meshbench(['gate', 'accept', '--json', '--reason', 'the release'], { cwd })
    const row = DOCS.split('\n').find((line) => line.startsWith('| `gate accept`')) ?? ''
    for (const key of Object.keys(JSON.parse(stdout)).filter((one) => one !== 'schema' && one !== 'command')) {
      expect(row).toContain(`\`${key}\``)
    }
  })
})
