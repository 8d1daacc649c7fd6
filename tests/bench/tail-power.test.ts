import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf } from '../../bench/tail/page.ts'
import { type RecordedRun, type RecordedTrial, recordedRuns } from '../../bench/tail/recording.ts'
import {
  blocksFor,
  foundByResampling,
  logRatios,
  type Metric,
  pooled,
  pooledScatter,
  scatterOf,
  timesAsMuch,
  toldBy,
  windowTable,
} from '../../bench/tail/scatter.ts'
import { analyse } from '../../src/analyse/analyse.ts'
import { deviationsOf } from '../../src/compare/deviations.ts'
import { random } from '../../src/stats/random.ts'
import { readRun } from '../../src/store/read-run.ts'
import { meshbench } from '../flow/surroundings.ts'
import { testFolder } from '../temporary-folder.ts'

/** A trial whose p50 and p99 are of so many microseconds, by either clock, and whose seconds have these p99. */
function trial(arm: string, block: number, p99: number, seconds: readonly number[] = [], more = {}): RecordedTrial {
  return {
    arm,
    cohort: 1,
    block,
    valid: true,
    quantiles: { p50: 1000, p99, 'service-p50': 1000, 'service-p99': p99 },
    slices: {
      seconds: 1,
      answers: seconds.map(() => 250),
      p99: [...seconds],
      serviceP99: [...seconds],
      disturbed: seconds.map(() => 0),
    },
    ...more,
  }
}

function runOf(trials: readonly RecordedTrial[], more: Partial<RecordedRun> = {}): RecordedRun {
  return {
    run: 'run',
    scenario: 'scenario',
    platform: 'local',
    cpu: 'a processor',
    cores: 2,
    load: 'web',
    tool: 'fortio',
    protocol: 'http',
    rate: 250,
    connections: 4,
    seconds: 10,
    baseline: 'none',
    arms: ['none', 'mesh'],
    trials,
    ...more,
  }
}

/** Blocks in which the arm's log-ratio is as given, of the p99 of all requests. */
const withRatios = (logs: readonly number[]) =>
  runOf(logs.flatMap((log, index) => [trial('none', index + 1, 1e6), trial('mesh', index + 1, 1e6 * Math.exp(log))]))

const ratiosOf = (run: RecordedRun, metric: Metric, first?: number) =>
  logRatios(run, 'mesh', metric, first).map(({ ratio }) => ratio)

describe('scatter of recorded trials', () => {
  it('is the standard deviation of log-ratios within blocks', () => {
    const scatter = scatterOf(logRatios(withRatios([0.1, 0.3, 0.5, 0.7]), 'mesh', 'p99'))
    expect(scatter?.deviation).toBeCloseTo(Math.sqrt(0.2 / 3), 9)
    expect(scatter?.freedom).toBe(3)
    expect(scatterOf(logRatios(withRatios([0.1, 0.3]), 'mesh', 'p99'))).toBeUndefined()
  })

  it('is pooled as a root mean square, each by its degrees of freedom', () => {
    const [few, many] = [
      { deviation: 0.4, freedom: 2 },
      { deviation: 0.1, freedom: 6 },
    ]
    const deviation = Math.sqrt((2 * 0.16 + 6 * 0.01) / 8)
    expect(pooled([few, undefined, many])).toEqual({ deviation: expect.closeTo(deviation, 9), freedom: 8 })
    expect(pooled([undefined])).toBeUndefined()
  })

  it('leaves out cohorts’ own differences', () => {
    const logs = [0.1, 0.3, 2.1, 2.3]
    const run = withRatios(logs)
    const two = runOf(run.trials.map((one) => ({ ...one, cohort: one.block > 2 ? 2 : 1 })))
    expect(scatterOf(logRatios(two, 'mesh', 'p99'))).toEqual({
      deviation: expect.closeTo(Math.SQRT2 / 10, 9),
      freedom: 2,
    })
  })

  it('is of blocks in which both arms have a valid trial that tells the metric', () => {
    const { trials } = withRatios([0.1, 0.2, 0.3, 0.4])
    const spoilt = trials.map((one) => {
      if (one.arm === 'none' && one.block === 1) return { ...one, valid: false }
      if (one.arm === 'mesh' && one.block === 2) return { ...one, quantiles: { p50: 1000 } }
      return one
    })
    expect(ratiosOf(runOf(spoilt), 'p99')).toEqual([expect.closeTo(0.3, 9), expect.closeTo(0.4, 9)])
    expect(toldBy(runOf(spoilt), 'p99')).toBe(6)
  })
})

describe('shorter windows', () => {
  const steady = [1000, 1000, 1000, 1000, 1000]
  const late = [9000, 9000, 9000, 9000, 9000, 9000, 9000]
  const run = runOf(
    [1, 2, 3].flatMap((block) => [
      trial('none', block, 1, [...steady, ...late]),
      trial('mesh', block, 1, [...steady.map((one) => one * 2 ** block), ...late]),
    ]),
    { seconds: 12 },
  )

  it('are the first seconds of the recorded ones', () => {
    expect(ratiosOf(run, 'typical-p99', 5)).toEqual([1, 2, 3].map((block) => expect.closeTo(block * Math.LN2, 9)))
    expect(ratiosOf(run, 'typical-p99')).toEqual([0, 0, 0])
    expect(ratiosOf(run, 'service-typical-p99', 5)).toEqual(ratiosOf(run, 'typical-p99', 5))
  })

  it('are told where the recorded one was long enough, and has enough seconds', () => {
    expect(windowTable(run).map(({ seconds }) => seconds)).toEqual([5, 8, 10])
    const slow = run.trials.map((one) => ({ ...one, slices: { ...one.slices, seconds: 2 } }))
    expect(windowTable(runOf(slow, { seconds: 15 })).map(({ seconds }) => seconds)).toEqual([10, 15])
  })
})

describe('blocks that find an effect', () => {
  it('are never fewer than may decide, and more the more a metric scatters', () => {
    expect(blocksFor(1, { deviation: 0, freedom: 4 })).toBe(3)
    expect(blocksFor(1, { deviation: 0.01, freedom: 4 })).toBe(3)
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 1, noNaN: true }), (deviation) => {
        const [blocks, twice] = [deviation, 2 * deviation].map((one) => blocksFor(0.2, { deviation: one, freedom: 4 }))
        expect(twice).toBeGreaterThanOrEqual(blocks as number)
      }),
    )
    // (z(0.975) + z(0.95))² · (0.5 / ln 1.2)² = 97.7, and two more for the t distribution.
    expect(blocksFor(0.2, { deviation: 0.5, freedom: 4 })).toBe(100)
  })

  it('find it by resampling as well, as often as the formula says', () => {
    const stream = random(1, 'test')
    const run = withRatios(Array.from({ length: 200 }, () => 0.7 + 0.3 * stream.normal()))
    const scatter = pooledScatter(run, 'p99')
    const blocks = blocksFor(0.2, scatter ?? { deviation: Number.NaN, freedom: 0 })
    const found = foundByResampling(run, 'p99', { effect: 0.2, blocks, rounds: 4000, stream })
    // Three standard errors of 4,000 rounds are 1 % and 0.7 %.
    expect(Math.abs((found?.slower ?? 0) - 0.95)).toBeLessThan(0.015)
    expect(Math.abs((found?.equal ?? 0) - 0.025)).toBeLessThan(0.01)
    const half = foundByResampling(run, 'p99', { effect: 0.2, blocks: Math.ceil(blocks / 2), rounds: 4000, stream })
    expect(half?.slower).toBeLessThan(0.85)
  })
})

describe('one metric beside another', () => {
  it('scatters once as much as itself, whatever blocks are drawn', () => {
    const times = timesAsMuch(withRatios([0.1, 0.4, 0.2, 0.9]), ['p99', 'service-p99'], {
      rounds: 200,
      stream: random(1, 'test'),
    })
    expect(times).toEqual({ center: 1, lo: 1, hi: 1 })
  })

  it('scatters more where it does, by blocks that tell both', () => {
    const stream = random(1, 'test')
    const trials = Array.from({ length: 12 }, (_, index) => index + 1).flatMap((block) => {
      const seconds = (level: number) => Array(8).fill(level * Math.exp(0.1 * stream.normal()))
      const p99 = () => 1e5 * Math.exp(0.5 * stream.normal())
      return [trial('none', block, p99(), seconds(1000)), trial('mesh', block, p99(), seconds(2000))]
    })
    const wild = [trial('none', 13, 1e5, []), trial('mesh', 13, 1e9, [])]
    const about = { rounds: 500, stream: random(1, 'bootstrap') }
    const times = timesAsMuch(runOf([...trials, ...wild]), ['p99', 'typical-p99'], about)
    expect(times?.lo).toBeGreaterThan(1.5)
    expect(times?.center).toBeGreaterThan(times?.lo ?? 0)
    expect(times?.center).toBeLessThan(times?.hi ?? 0)
    expect(times?.center).toBeLessThan(12)
  })
})

describe('a recording', () => {
  it('of a run scatters as the plan says of that run, and makes a page', async () => {
    const cwd = testFolder()
    writeFileSync(
      join(cwd, 'tail.yaml'),
      `
name: tail
platform: simulated
blocks: 4
arms: [none, { name: none-again, mesh: none }, envoy-sidecar]
loads: [{ name: web, rate: 200/s, connections: 4, warmup: 0s, duration: 8s }]
simulation:
  effects: { envoy-sidecar: { latency: 1.5 } }
  stalls: { every: 4s, last: 100ms, jitter: 0.5 }
`,
    )
    await meshbench(['run', 'tail.yaml'], { cwd })
    const [id = ''] = readdirSync(join(cwd, 'results'))
    const record = await readRun(join(cwd, 'results', id))
    const analysis = analyse(record)
    const [run, ...others] = recordedRuns(analysis)
    if (!run) throw new Error('nothing was recorded')
    expect(others).toEqual([])
    expect(run).toMatchObject({ scenario: 'tail', load: 'web', rate: 200, seconds: 8, baseline: 'none' })
    expect(run.trials).toHaveLength(12)
    for (const metric of ['p50', 'p99', 'typical-p99'] as const) {
      const known = deviationsOf([analysis]).find((one) => one.metric === metric)
      // Recorded in whole microseconds.
      expect((pooledScatter(run, metric)?.deviation ?? 0) / (known?.deviation ?? 0), metric).toBeCloseTo(1, 1)
    }
    const page = pageOf({ schema: 1, runs: [run] })
    const blocks = (['p99', 'typical-p99'] as const).map((metric) =>
      blocksFor(0.2, pooledScatter(run, metric) ?? { deviation: Number.NaN, freedom: 0 }),
    )
    expect(page).toContain(`| tail (simulated), web | ${blocks.join(' | ')} |`)
    expect(page).toContain('12 of 12 trials valid')
    expect(page).not.toMatch(/NaN|undefined/)

    const [first] = record.results
    if (first?.outcome.status !== 'measured') throw new Error('not measured')
    const { slices: _, ...before } = first.outcome.reading
    const old = { ...first, outcome: { status: 'measured' as const, reading: before } }
    expect(recordedRuns(analyse({ ...record, results: [old] }))).toEqual([])
  })
})
