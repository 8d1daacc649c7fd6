import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseDuration, parseRate, parseSize } from '../../src/model/units.ts'
import { scenarioJsonSchema } from '../../src/scenario/schema.ts'
import { written } from './written.ts'

type Node = Readonly<Record<string, unknown>>

const schema = scenarioJsonSchema()
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema)
const accepts = (yaml: string) => validate(parse(yaml))

describe('scenarioJsonSchema', () => {
  it('is what scenarios/schema.json holds; if not, run `npm run schema`', () => {
    expect(JSON.parse(readFileSync('scenarios/schema.json', 'utf8'))).toEqual(schema)
  })

  it.each(readdirSync('scenarios').filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    expect([accepts(readFileSync(`scenarios/${name}`, 'utf8')), validate.errors]).toEqual([true, null])
  })

  it.each([
    ['an unknown key', written({ top: 'sed: 1' })],
    ['a duration without unit', written({ loads: '[{ rate: 9/s, duration: 10 }]' })],
    ['a rate that is none', written({ loads: '[{ rate: fast }]' })],
    ['a wrong rate in a list', written({ loads: '[{ rate: [9/s, fast] }]' })],
    ['a mesh that there is not', written({ arms: '[{ name: x, mesh: nothing }]' })],
    ['a bare arm that there is not', written({ arms: '[nothing]' })],
    ['a name unfit for files', 'name: Two Words\narms: [none]\nloads: [{ rate: 9/s }]'],
    ['a load without rate', written({ loads: '[{ tool: k6 }]' })],
    ['no arms', written({ arms: '[]' })],
  ])('refuses %s', (_, yaml) => {
    expect(accepts(yaml)).toBe(false)
  })

  it('explains every key', () => {
    const silent = keysOf(schema).filter(({ node }) => !node['title'] || !node['description'])
    expect(silent.map(({ path }) => path)).toEqual([])
    expect(keysOf(schema).length).toBeGreaterThan(40)
  })

  it('knows the same units as the program', () => {
    const number = fc.oneof(
      fc.nat({ max: 2000 }).map(String),
      fc.constantFrom('1.5', '0.25', '.5', '1.', '-1', '1e3', ''),
    )
    const unit = fc.constantFrom(
      'us',
      'µs',
      'ms',
      's',
      'm',
      'h',
      '/s',
      'k/s',
      '/m',
      '/h',
      'B',
      'KB',
      'KiB',
      'MiB',
      'GiB',
      'kb',
      ' s',
      'd',
      '',
    )
    const text = fc.array(
      fc.tuple(number, unit).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    const { duration, rate, payload } = patterns()
    fc.assert(
      fc.property(
        text.map((parts) => parts.join('')),
        (quantity) => {
          expect([quantity, duration.test(quantity)]).toEqual([quantity, parseDuration(quantity) !== undefined])
          expect([quantity, rate.test(quantity)]).toEqual([quantity, parseRate(quantity) !== undefined])
          if (parseSize(quantity) !== undefined) expect(quantity).toMatch(payload)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** Every key of every map, wherever it is nested. */
function keysOf(node: unknown, path = ''): { path: string; node: Node }[] {
  if (node === null || typeof node !== 'object') return []
  return Object.entries(node).flatMap(([key, inner]) => {
    const own =
      key === 'properties'
        ? Object.entries(inner as Node).map(([name, at]) => ({ path: `${path}.${name}`, node: at as Node }))
        : []
    return [...own, ...keysOf(inner, `${path}.${key}`)]
  })
}

function patterns(): Record<'duration' | 'rate' | 'payload', RegExp> {
  const found = (key: string) => {
    const node = keysOf(schema).find(({ path }) => path.endsWith(`.loads.items.${key}`))?.node
    return new RegExp(
      /"pattern":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(node))?.[1]?.replace(/.*/, (text) => JSON.parse(text)) ??
        '$x',
    )
  }
  return { duration: found('duration'), rate: found('rate'), payload: found('payload') }
}
