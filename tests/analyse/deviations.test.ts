import { expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { deviationsOf } from '../../src/compare/deviations.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import { random } from '../../src/stats/random.ts'
import { recordOf } from '../build/run.ts'
import { none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

interface Past {
  readonly cohorts: number
  readonly blocks: number
  readonly between: number
  readonly within: number
  readonly hasPair?: boolean
}

/** A run whose p50 scatters by so much between cohorts and between blocks, in all arms but the baseline. */
function past({ cohorts, blocks, between, within, hasPair = true }: Past): Analysis {
  const arms = [none, ...(hasPair ? [noneAgain] : []), sidecar]
  const analysis = analyse(recordOf(scenarioOf({ cohorts, blocks, arms }), () => 'missing'))
  const cells = analysis.cells.map((cell) => ({ ...cell, values: cell.metric === 'p50' ? valuesOf(cell.arm) : [] }))
  return { ...analysis, cells }

  function valuesOf(arm: string) {
    const draw = random(2, arm)
    return Array.from({ length: cohorts }, (_, cohort) => {
      const level = between * draw.normal()
      return Array.from({ length: blocks }, (_, block) => ({
        cohort: cohort + 1,
        block: cohort * blocks + block + 1,
        value: arm === none.name ? 1 : Math.exp(level + within * draw.normal()),
      }))
    }).flat()
  }
}

test('tells the scatter of cohorts from that of their blocks', () => {
  const [p50] = deviationsOf([past({ cohorts: 200, blocks: 4, between: 0.1, within: 0.03 })])
  expect(p50).toMatchObject({ metric: 'p50', load: 'http-2k', source: 'history: run test, 1200 degrees of freedom' })
  expect(p50?.deviation).toBeCloseTo(0.03, 2)
  expect(p50?.between).toBeCloseTo(0.1, 1)
})

test('finds next to none between cohorts where blocks explain what differs', () => {
  const [p50] = deviationsOf([past({ cohorts: 200, blocks: 4, between: 0, within: 0.05 })])
  expect(p50?.between).toBeLessThan(0.015)
})

test('learns of cohorts from a single one by its A/A pair only', () => {
  const single = { cohorts: 1, blocks: 6, between: 0.2, within: 0.01 }
  const [withPair] = deviationsOf([past(single)])
  expect(withPair?.between).toBeGreaterThan(0.02)
  const [without] = deviationsOf([past({ ...single, hasPair: false })])
  expect(without?.deviation).toBeGreaterThan(0)
  expect(without).not.toHaveProperty('between')
})
