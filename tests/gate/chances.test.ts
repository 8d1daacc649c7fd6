import { describe, expect, it } from 'vitest'
import { effectOf } from '../../src/compare/effect.ts'
import type { Compared } from '../../src/gate/compared.ts'
import { pValuesOf } from '../../src/gate/gate-cells.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { random } from '../../src/stats/random.ts'

const { defaults } = defaultLimits()
const BLOCKS = 20

/** Cells of one level, of values by block; in cohorts of so many blocks. */
function family(values: readonly (readonly number[])[], perCohort = BLOCKS) {
  return values.map((harm) => {
    const pairs = harm.map((value, block) => ({ cohort: Math.floor(block / perCohort), block, value }))
    const cohorts = [...Map.groupBy(pairs, ({ cohort }) => cohort).values()]
    const effect = effectOf(cohorts.map((those) => those.map(({ value }) => value)))
    const compared = { limits: { ...defaults, level: 'error' }, harm: pairs, ...(effect && { effect }) }
    return { compared: compared as unknown as Compared }
  })
}

describe('a family of cells', () => {
  const draw = random(9, 'family')
  const common = Array.from({ length: BLOCKS }, () => 0.06 + 0.06 * draw.normal())
  const alike = Array.from({ length: 36 }, () => common.map((value) => value + 0.003 * draw.normal()))

  it('pays by Holm for every cell, by max-T for those that move together about once', () => {
    const cells = family(alike)
    const [byHolm, byMaxT] = [pValuesOf(cells, 'holm'), pValuesOf(cells, 'maxt')]
    const least = Math.min(...byHolm.map(({ p }) => p.worse))
    expect(byHolm[0]?.adjusted.worse).toBeGreaterThan(24 * least)
    expect(byMaxT[0]?.adjusted.worse).toBeLessThan((byHolm[0]?.adjusted.worse ?? 0) / 2)
    expect(byMaxT[0]?.adjusted.better).toBeGreaterThan(0.9)
    expect(byMaxT[0]?.p).toEqual(byHolm[0]?.p)
  })

  it('does not forget by resampling what cohorts differ by', () => {
    const cells = family(alike, BLOCKS / 2)
    const [one] = pValuesOf(cells, 'maxt')
    expect(one?.adjusted.worse).toBeGreaterThanOrEqual(pValuesOf(cells, 'holm')[0]?.adjusted.worse ?? 1)
  })

  it('stays as large as it was declared when a cell cannot be judged', () => {
    const [first, ...rest] = family(alike)
    if (!first) throw new Error('there are 36')
    const broken = rest.map((one) => ({ ...one, why: { rule: 'no-data', message: 'gone' } }))
    const alone = pValuesOf([first], 'holm')[0]?.adjusted.worse ?? 0
    expect(pValuesOf([first, ...broken], 'holm')[0]?.adjusted.worse).toBeCloseTo(36 * alone, 12)
    expect(pValuesOf([first, ...broken], 'maxt')[1]?.adjusted).toEqual({ worse: 1, better: 1 })
  })
})
