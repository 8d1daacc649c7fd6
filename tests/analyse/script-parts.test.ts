import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import type { Reading, ScriptGroup, ScriptReading } from '../../src/model/result.ts'
import { analysisTable } from '../../src/ui/analysis-table.ts'
import { styleFor } from '../../src/ui/terminal-style.ts'
import { readingOf } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { loadOf, none, scenarioOf, sidecar } from '../build/scenario.ts'

const load = loadOf({ name: 'shop-200', tool: 'k6', script: 'shop.js', rate: 200, duration: 60, connections: 16 })
const scenario = scenarioOf({ arms: [none, sidecar], loads: [load], blocks: 4 })

/** The group "list" is `factor` times as slow as in other arms, and a tenth of its requests fail. */
function scriptOf(factor: number, block: number): ScriptReading {
  const seconds = (p50: number, count: number) => ({
    ...{ count, mean: p50, min: p50 / 2, max: p50 * 9 },
    ...{ p50, p90: p50 * 2, p99: p50 * 3, p999: p50 * 5 },
  })
  const noise = 1 + 0.01 * block
  const group = (path: string[], p50: number, errors: number): ScriptGroup => ({
    path,
    requests: 12_000,
    errors,
    passed: 11_990,
    failed: 10,
    latency: seconds(p50 * noise, 12_000 - errors),
    ...(path.length > 0 && { whole: seconds(p50 * noise * 2, 12_000) }),
  })
  return {
    planned: 12_000,
    iterations: 12_000,
    dropped: 0,
    iteration: seconds(0.01 * noise, 12_000),
    groups: [
      group([], 0.001, 0),
      group(['shop', 'list'], 0.002 * factor, 1200),
      group(['shop', '<b>buy</b>'], 0.003, 0),
    ],
    checks: [],
  }
}

function readingWith(factor: number, block: number): Partial<Reading> {
  return { ...readingOf({ load }), script: scriptOf(factor, block) }
}

const analysis = analyse(
  recordOf(scenario, ({ arm, block }) => ({
    reading: readingWith(arm === 'none' ? 1 : 1.5 + 0.001 * block, block),
    generator: { connections: 16, sockets: 16 },
  })),
)

describe('scriptParts', () => {
  it('has a part for an iteration and for each group, in the order of the script', () => {
    expect(analysis.script?.map(({ kind, path }) => [kind, ...path])).toEqual([
      ['iteration'],
      ['group'],
      ['group', 'shop', 'list'],
      ['group', 'shop', '<b>buy</b>'],
    ])
  })

  it('finds the group that a difference comes from', () => {
    const ratios = analysis.script?.map(({ cells }) => {
      const cell = cells.find(({ arm, metric }) => arm === sidecar.name && metric === 'p50')
      return [cell?.standing, Number(cell?.ratio?.center.toFixed(2))]
    })
    expect(ratios).toEqual([
      ['no-difference', 1],
      ['no-difference', 1],
      ['higher', 1.5],
      ['no-difference', 1],
    ])
  })

  it('adds requests, errors and checks up over the valid trials of an arm', () => {
    const list = analysis.script?.[2]?.counts.find(({ arm }) => arm === 'none')
    expect(list).toMatchObject({ requests: 96_000, errors: 9600, passed: 95_920, failed: 80, iterations: 96_000 })
  })

  it('has nothing where too few requests lie beyond a quantile', () => {
    const few = analyse(
      recordOf(scenario, ({ block }) => {
        const script = scriptOf(1, block)
        const groups = script.groups.map((group) => ({ ...group, latency: { ...group.latency, count: 500 } }))
        return { reading: { ...readingOf({ load }), script: { ...script, groups } } }
      }),
    )
    const cells = few.script?.[2]?.cells.filter(({ metric }) => metric === 'p99') ?? []
    expect(cells.map(({ estimate }) => estimate)).toEqual([undefined, undefined])
  })

  it('is absent without a script', () => {
    expect(analyse(recordOf(scenarioOf(), () => ({})))).not.toHaveProperty('script')
  })

  it('has a table on the terminal', () => {
    const table = analysisTable(analysis, styleFor({ columns: 120 } as never, { NO_COLOR: '1' }))
    expect(table).toMatch(/shop . list +none/)
    expect(table).toMatch(/checks failed/)
    expect(table).toContain('shop.js at 200/s iterations')
  })
})
