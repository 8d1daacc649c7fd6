import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { compareToBaseline } from '../../src/compare/against-baseline.ts'
import { byBlock, equalArms, pairUp } from '../../src/compare/pairs.ts'
import { groupsOf } from '../../src/compare/rank-groups.ts'
import { noiseBand } from '../../src/compare/standing.ts'
import type { Analysis, Cell, Ranking } from '../../src/model/analysis.ts'
import type { Trial } from '../../src/model/plan.ts'
import type { Arm, Scenario } from '../../src/model/scenario.ts'
import { mean } from '../../src/stats/moments.ts'
import { random } from '../../src/stats/random.ts'
import type { Otherwise } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

const node: Arm = { name: 'envoy-node', mesh: 'envoy-node' }
const waypoint: Arm = { name: 'envoy-node-waypoint', mesh: 'envoy-node-waypoint' }
const arms = [none, noneAgain, waypoint, sidecar, node]

function ranking({ rankings }: Analysis, metric: string): Ranking | undefined {
  return rankings.find((one) => one.metric === metric && one.load === http.name)
}

/** Arms in groups, those of a group in alphabetical order. */
function groupsIn(analysis: Analysis, metric: string): string[][] {
  return ranking(analysis, metric)?.groups.map(({ arms }) => arms.toSorted()) ?? []
}

/** A run in which arms take so many times as long as the baseline; trials scatter by 1 %. */
function run(levels: Readonly<Record<string, number>>, changes: Partial<Scenario> = {}): Analysis {
  return analyse(recordOf(scenarioOf({ arms, cohorts: 1, blocks: 8, ...changes }), scattered(levels)))
}

function scattered(levels: Readonly<Record<string, number>>): (trial: Trial) => Otherwise {
  return ({ id, arm }) => ({ latency: (levels[arm] ?? 1) * Math.exp(0.01 * random(3, id).normal()) })
}

describe('a ranking', () => {
  const analysis = run({ [sidecar.name]: 1.5, [node.name]: 1.5, [waypoint.name]: 2 })

  test('groups what cannot be told apart, and parts what can', () => {
    expect(groupsIn(analysis, 'p50')).toEqual([[node.name, sidecar.name], [waypoint.name]])
    expect(groupsIn(analysis, 'p99')).toEqual([[node.name, sidecar.name], [waypoint.name]])
  })

  test('says how far a group is behind the one before, paired', () => {
    const [first, second] = ranking(analysis, 'p50')?.groups ?? []
    expect(first).not.toHaveProperty('behind')
    expect(second?.behind?.ratio?.center).toBeCloseTo(2 / 1.5, 1)
    expect(second?.behind?.ratio?.lo).toBeGreaterThan(1.3)
    expect(second?.behind?.ratio?.n).toBe(8)
    expect(second?.behind?.difference?.center).toBeCloseTo(0.5 * 1.1e-3, 4)
  })

  test('is of headline metrics, and has neither the baseline nor what repeats it', () => {
    const metrics = ['typical-p99', 'p50', 'p90', 'p99', 'p999', 'throughput', 'mesh-cpu', 'mesh-memory']
    expect(analysis.rankings.map(({ metric }) => metric)).toEqual(metrics)
    for (const { groups } of analysis.rankings) {
      expect(groups.flatMap(({ arms }) => arms).toSorted()).toEqual([node.name, waypoint.name, sidecar.name].toSorted())
    }
  })

  test('of equal figures is one group', () => {
    expect(groupsIn(analysis, 'mesh-memory')).toHaveLength(1)
    expect(groupsIn(analysis, 'throughput')).toHaveLength(1)
  })
})

test('where higher is better, the highest comes first', () => {
  const slow: Readonly<Record<string, number>> = { [sidecar.name]: 90, [waypoint.name]: 75 }
  const closed = analyse(
    recordOf(scenarioOf({ arms, cohorts: 1, blocks: 4, loads: [{ ...http, rate: 'max' }] }), ({ arm, block }) => ({
      reading: { seconds: (slow[arm] ?? 60) + 0.1 * (block % 2) },
      observation: { seconds: (slow[arm] ?? 60) + 0.3 },
    })),
  )
  expect(groupsIn(closed, 'throughput')).toEqual([[node.name], [waypoint.name], [sidecar.name]])
  expect(ranking(closed, 'throughput')?.groups[1]?.behind?.ratio?.center).toBeCloseTo(60 / 75, 2)
  expect(ranking(closed, 'throughput')?.groups[1]?.behind?.difference?.center).toBeLessThan(0)
})

describe('what is missing', () => {
  const levels = scattered({ [sidecar.name]: 1.5, [waypoint.name]: 3 })

  test('an arm without a valid trial is left out', () => {
    const holed = analyse(
      recordOf(scenarioOf({ arms, cohorts: 1 }), (trial) => (trial.arm === sidecar.name ? 'failed' : levels(trial))),
    )
    expect(groupsIn(holed, 'p50')).toEqual([[node.name], [waypoint.name]])
  })

  test('without any arm there is no ranking', () => {
    expect(run({}, { arms: [none, noneAgain] }).rankings).toEqual([])
  })

  test('two blocks part nothing', () => {
    const holed = analyse(
      recordOf(scenarioOf({ arms, cohorts: 1 }), (trial) =>
        trial.arm === waypoint.name && trial.block > 2 ? 'missing' : levels(trial),
      ),
    )
    expect(groupsIn(holed, 'p50')).toEqual([[node.name], [waypoint.name, sidecar.name].toSorted()])
  })

  test('nor do arms that never met in a block', () => {
    const apart = analyse(
      recordOf(scenarioOf({ arms: [none, noneAgain, sidecar, node], cohorts: 1, blocks: 8 }), (trial) =>
        (trial.arm === sidecar.name && trial.block > 4) || (trial.arm === node.name && trial.block <= 4)
          ? 'missing'
          : levels(trial),
      ),
    )
    expect(groupsIn(apart, 'p50')).toEqual([[node.name, sidecar.name]])
  })

  test('pairs that contradict the order of the estimates leave none', () => {
    const cell = (arm: string, values: readonly number[]): Cell => ({
      arm,
      load: http.name,
      metric: 'p50',
      values: values.flatMap((value, block) => (value > 0 ? [{ cohort: 1, block, value }] : [])),
      estimate: { center: mean(values.filter((value) => value > 0)), n: 1 },
      standing: 'undecided',
      notes: [],
    })
    // Slower in each of the four blocks that have both, and faster on the whole for having missed the slow ones.
    const [lucky, steady] = [cell('lucky', [1.1, 1.11, 1.12, 1.1, 0, 0]), cell('steady', [1, 1.01, 1.02, 1.01, 2, 2])]
    const field = { better: 'lower', equal: equalArms([], false), least: { band: undefined } } as const
    expect(groupsOf([steady, lucky], field)).toEqual([{ arms: ['lucky', 'steady'] }])
  })
})

describe('what equal arms of the run know', () => {
  test('a difference that two equal arms show as well parts nothing', () => {
    const levels = { [sidecar.name]: 1.5, [node.name]: 1.6, [waypoint.name]: 3 }
    expect(groupsIn(run(levels), 'p50')).toHaveLength(3)
    const noisy = run({ ...levels, [noneAgain.name]: 1.1 })
    expect(groupsIn(noisy, 'p50')).toEqual([[node.name, sidecar.name], [waypoint.name]])
  })

  test('the luck of a provisioning is in the interval: what differs from cohort to cohort is no difference', () => {
    const luck = (cohort: number) => (cohort === 1 ? 1.1 : 1.02)
    const of = (trial: Trial) => ({
      latency: (scattered({})(trial).latency ?? 1) * (trial.arm === sidecar.name ? luck(trial.cohort) : 1),
    })
    const pair = [none, noneAgain, sidecar, node]
    const cohorts = analyse(recordOf(scenarioOf({ arms: pair, cohorts: 2, blocks: 4 }), of))
    expect(groupsIn(cohorts, 'p50')).toEqual([[node.name, sidecar.name]])
    // The same blocks, if they were of one provisioning.
    const alike = analyse(
      recordOf(scenarioOf({ arms: pair, cohorts: 1, blocks: 8 }), (trial) =>
        of({ ...trial, cohort: trial.block <= 4 ? 1 : 2 }),
      ),
    )
    expect(groupsIn(alike, 'p50')).toEqual([[node.name], [sidecar.name]])
  })
})

/** Arms of one load and metric, simulated: each `step` above the one before, one provisioning, blocks that scatter by 5 %. */
function simulated(
  seed: number,
  arms: number,
  { blocks, step, hasPair }: { blocks: number; step: number; hasPair: boolean },
) {
  const draw = random(seed, 'ranks')
  const valuesOf = (level: number) =>
    Array.from({ length: blocks }, (_, block) => ({ cohort: 1, block, value: level * Math.exp(0.05 * draw.normal()) }))
  const [base, again] = [valuesOf(1), valuesOf(1)]
  const equal = [base, again].map((values, index) => ({ values, isEqual: index > 0 }))
  const [, twin] = compareToBaseline(equal, false)
  const pair = pairUp(byBlock(base), again)
  const ratio = twin?.ratio?.estimate
  const cells = Array.from({ length: arms }, (_, index): Cell => {
    const values = valuesOf((1 + step) ** index)
    const estimate = { center: mean(values.map(({ value }) => value)), n: blocks }
    return { arm: `arm-${index}`, load: 'load', metric: 'p50', values, estimate, standing: 'undecided', notes: [] }
  })
  const band = hasPair && ratio ? noiseBand([{ ratio }]) : undefined
  return groupsOf(cells, { better: 'lower', equal: equalArms(hasPair && pair ? [pair] : [], false), least: { band } })
}

describe('known truths', () => {
  const RUNS = 1000
  const share = (holds: (seed: number) => boolean) =>
    Array.from({ length: RUNS }, (_, seed) => holds(seed)).filter(Boolean).length / RUNS

  test.each([2, 4, 6])(
    '%i equal arms are parted by chance in at most one ranking of 13, though the best is picked by luck',
    (arms) => {
      const parted = (hasPair: boolean) => (seed: number) =>
        simulated(seed, arms, { blocks: 8, step: 0, hasPair }).length > 1
      expect(share(parted(false))).toBeLessThan(0.075)
      expect(share(parted(true))).toBeLessThan(0.03)
    },
  )

  test('arms that all differ are all parted, in their order', () => {
    const names = Array.from({ length: 6 }, (_, index) => [`arm-${index}`])
    const found = share((seed) => {
      const groups = simulated(seed, 6, { blocks: 10, step: 0.15, hasPair: true })
      return JSON.stringify(groups.map(({ arms }) => arms)) === JSON.stringify(names)
    })
    expect(found).toBeGreaterThan(0.95)
  })
})
