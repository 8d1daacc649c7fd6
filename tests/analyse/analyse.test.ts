import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import type { Trial } from '../../src/model/plan.ts'
import { type Otherwise, readingOf } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

function scattered({ block, order }: Trial, share: number): number {
  return 1 + share * (((block * 7 + order * 3) % 5) - 2)
}

/** The sidecar takes 1.5 times as long; trials scatter by 1 %. */
function slower(trial: Trial): Otherwise {
  return { latency: (trial.arm === sidecar.name ? 1.5 : 1) * scattered(trial, 0.01) }
}

function cell(analysis: Analysis, arm: string, metric: string): Cell {
  const found = analysis.cells.find((one) => one.arm === arm && one.metric === metric && one.load === http.name)
  if (!found) throw new Error(`no cell for ${arm} ${metric}`)
  return found
}

const analysis = analyse(recordOf(scenarioOf(), slower))

describe('a run of eight blocks', () => {
  test('has one cell for every arm, load and metric', () => {
    expect(analysis.cells).toHaveLength(3 * 1 * analysis.metrics.length)
    expect(analysis.trials.map(({ status }) => status)).toEqual(Array(24).fill('valid'))
    expect(analysis.missing).toEqual([])
  })

  test('tells the slower arm, by the paired ratio', () => {
    const p99 = cell(analysis, sidecar.name, 'p99')
    expect(p99.standing).toBe('higher')
    expect(p99.ratio?.n).toBe(8)
    expect(p99.ratio?.center).toBeCloseTo(1.5, 1)
    const base = new Map(cell(analysis, 'none', 'p99').values.map(({ block, value }) => [block, value]))
    const logs = p99.values.map(({ block, value }) => Math.log(value / (base.get(block) ?? Number.NaN)))
    expect(Math.log(p99.ratio?.center ?? 0)).toBeCloseTo(logs.reduce((sum, one) => sum + one, 0) / 8, 12)
  })

  test('says of the repeated baseline that it is within the noise, and takes it as the floor', () => {
    expect(cell(analysis, 'none', 'p99').standing).toBe('baseline')
    expect(cell(analysis, noneAgain.name, 'p99').standing).toBe('no-difference')
    const floor = analysis.noise.find(({ metric }) => metric === 'p99')
    expect(floor).toMatchObject({ arm: noneAgain.name, ratio: cell(analysis, noneAgain.name, 'p99').ratio })
  })

  test('has the bill of the mesh, as a difference where the baseline has none', () => {
    const mesh = cell(analysis, sidecar.name, 'mesh-cpu')
    expect(mesh.ratio).toBeUndefined()
    expect(mesh.difference?.center).toBeCloseTo(100, 9)
    expect(mesh.standing).toBe('higher')
    expect(mesh.difference?.lo).toBeGreaterThan(0)
    expect(cell(analysis, noneAgain.name, 'mesh-cpu').standing).toBe('no-difference')
    expect(cell(analysis, sidecar.name, 'application-cpu').ratio?.center).toBeCloseTo(1, 9)
    expect(cell(analysis, sidecar.name, 'mesh-idle-cpu').estimate?.center).toBeCloseTo(0.01, 9)
    expect(cell(analysis, sidecar.name, 'mesh-memory').estimate?.center).toBeCloseTo(6e7, 0)
    expect(cell(analysis, sidecar.name, 'mesh-idle-memory').estimate?.center).toBeCloseTo(5e7, 0)
    expect(analysis.components.find(({ component }) => component === 'client-proxy')).toMatchObject({
      arm: sidecar.name,
      role: 'client-proxy',
      cpu: expect.closeTo(100, 9),
      cores: expect.closeTo(12 / 60.2 + 0.01, 9),
      idle: { cores: expect.closeTo(0.01, 9), bytes: 5e7 },
      n: 8,
    })
  })

  test('draws the merged histograms of both clocks', () => {
    expect(analysis.distributions.map(({ arm, clock }) => `${arm} ${clock}`)).toEqual([
      'none response',
      'none service',
      'none-again response',
      'none-again service',
      'envoy-sidecar response',
      'envoy-sidecar service',
    ])
    expect(analysis.distributions[0]?.requests).toBe(8 * readingOf().requests)
    expect(analysis.distributions).toBe(analysis.distributions)
  })

  test('is data: JSON holds all of it', () => {
    const copy = JSON.parse(JSON.stringify({ ...analysis, record: undefined, trials: [] })) as Analysis
    expect(copy.cells).toEqual(analysis.cells)
    expect(copy.distributions).toEqual(analysis.distributions)
  })
})

describe('one kind of mean', () => {
  /** The sidecar misses a slow block, and the repeat of the baseline a quick one; the level differs from block to block. */
  const gaps = analyse(
    recordOf(scenarioOf(), (trial) => {
      const lost =
        (trial.arm === sidecar.name && trial.block === 3) || (trial.arm === noneAgain.name && trial.block === 6)
      return lost ? 'failed' : { latency: (slower(trial).latency ?? 1) * (trial.block === 3 ? 4 : 1) }
    }),
  )

  test('level + difference is level × ratio, and the level of the other arm, whatever is missing', () => {
    const compared = gaps.cells.filter(({ ratio }) => ratio)
    expect(compared.length).toBeGreaterThan(20)
    for (const { arm, metric, estimate, ratio, difference, mean } of compared) {
      const level = cell(gaps, none.name, metric).estimate?.center ?? Number.NaN
      expect(mean, `${arm} ${metric}`).toBe('geometric')
      expect(level + (difference?.center ?? Number.NaN)).toBeCloseTo(level * (ratio?.center ?? Number.NaN), 12)
      expect(estimate?.center).toBeCloseTo(level * (ratio?.center ?? Number.NaN), 12)
      expect(level + (difference?.lo ?? Number.NaN)).toBeCloseTo(level * (ratio?.lo ?? Number.NaN), 12)
    }
  })

  test('a missing slow block does not make an arm look fast', () => {
    const own = cell(gaps, sidecar.name, 'p50').values.map(({ value }) => Math.log(value))
    const plain = Math.exp(own.reduce((sum, one) => sum + one, 0) / own.length)
    const [level, base] = [sidecar, none].map(({ name }) => cell(gaps, name, 'p50').estimate?.center ?? Number.NaN)
    expect(plain).toBeLessThan(1.35 * (base ?? 0))
    expect(level).toBeCloseTo(1.5 * (base ?? 0), 4)
  })

  test('where a value is 0 all arms have arithmetic means and differences, and none a ratio', () => {
    for (const arm of [none, noneAgain, sidecar]) {
      const { mean, ratio, estimate, difference, values } = cell(gaps, arm.name, 'mesh-cpu')
      expect([mean, ratio]).toEqual(['arithmetic', undefined])
      const plain = values.reduce((sum, { value }) => sum + value, 0) / values.length
      if (arm !== none) expect(estimate?.center).toBeCloseTo(difference?.center ?? Number.NaN, 9)
      expect(estimate?.center).toBeCloseTo(plain, 9)
    }
  })
})

/** Then blocks are the replicates. */
const oneCohort = { cohorts: 1, blocks: 8 }

describe('what may not be said', () => {
  test('a difference smaller than that of two equal arms is noise, however narrow its interval', () => {
    const level: Record<string, number> = { none: 1, [noneAgain.name]: 1.2, [sidecar.name]: 1.1 }
    const noisy = analyse(recordOf(scenarioOf(oneCohort), (trial) => ({ latency: level[trial.arm] ?? 1 })))
    const p50 = cell(noisy, sidecar.name, 'p50')
    expect(p50.ratio?.lo).toBeGreaterThan(1.09)
    expect(p50.standing).toBe('within-noise')
    expect(p50.notes.join()).toMatch(/differ by up to \+20 %/)
  })

  test('what equal arms differ by does not make a wide interval a sign of equality', () => {
    const spread = [0.6, 1.9, 0.7, 1.6, 0.5, 1.8, 0.65, 1.7]
    const of = (trial: Trial) => ({ latency: trial.arm === none.name ? 1 : (spread[trial.block % 8] ?? 1) })
    const noisy = analyse(recordOf(scenarioOf(oneCohort), of))
    const p50 = cell(noisy, sidecar.name, 'p50')
    const band = noisy.noise.find(({ metric }) => metric === 'p50')?.ratio
    expect(p50.ratio?.hi).toBeLessThanOrEqual(band?.hi ?? 0)
    expect(p50.ratio?.lo).toBeLessThan(1)
    expect(p50.standing).toBe('undecided')
    expect(p50.notes.join()).toMatch(/too wide to decide.*equal arms differ by up to/)
  })

  test('the noise of the A/A pair counts in both directions', () => {
    const level: Record<string, number> = { none: 1, [noneAgain.name]: 0.8, [sidecar.name]: 1.2 }
    const noisy = analyse(recordOf(scenarioOf(oneCohort), (trial) => ({ latency: level[trial.arm] ?? 1 })))
    expect(cell(noisy, sidecar.name, 'p50').standing).toBe('within-noise')
  })

  test('the widest of several A/A pairs is the floor', () => {
    const level: Record<string, number> = { third: 1.3, [sidecar.name]: 1.2 }
    const arms = [none, noneAgain, { ...none, name: 'third' }, sidecar]
    const noisy = analyse(recordOf(scenarioOf({ ...oneCohort, arms }), (trial) => ({ latency: level[trial.arm] ?? 1 })))
    expect(cell(noisy, sidecar.name, 'p50').standing).toBe('within-noise')
    expect(noisy.noise.filter(({ metric }) => metric === 'p50').map(({ arm }) => arm)).toEqual(['none-again', 'third'])
  })

  test('a difference below the least effect is not relevant, however certain, and the scenario says what that is', () => {
    const of = (trial: Trial) => ({ latency: trial.arm === sidecar.name ? 1.015 : 1 })
    const p50 = cell(analyse(recordOf(scenarioOf(oneCohort), of)), sidecar.name, 'p50')
    expect(p50.ratio?.lo).toBeGreaterThan(1.01)
    expect(p50.standing).toBe('no-difference')
    expect(p50.notes).toContain('The difference is below 2 %, the least relevant effect of the scenario.')
    const strict = analyse(recordOf(scenarioOf({ ...oneCohort, minEffect: 0.01 }), of))
    expect(cell(strict, sidecar.name, 'p50').standing).toBe('higher')
  })

  test('one block has no interval, and nothing to reckon from what would decide it', () => {
    const single = analyse(recordOf(scenarioOf({ cohorts: 1, blocks: 1 }), slower))
    const p50 = cell(single, sidecar.name, 'p50')
    expect(p50).toMatchObject({ standing: 'undecided', ratio: { n: 1 } })
    expect(p50.ratio?.lo).toBeUndefined()
    expect(p50.needed).toBeUndefined()
  })

  test('two blocks decide nothing', () => {
    const short = analyse(recordOf(scenarioOf({ cohorts: 1, blocks: 2 }), slower))
    expect(cell(short, sidecar.name, 'p50')).toMatchObject({ standing: 'undecided', ratio: { n: 2 } })
  })

  test('an interval that is too wide leaves it undecided', () => {
    const wild = analyse(
      recordOf(scenarioOf(oneCohort), (trial) => ({
        latency: trial.arm === sidecar.name ? 1 + 0.5 * (trial.block % 3) : 1,
      })),
    )
    const p50 = cell(wild, sidecar.name, 'p50')
    expect(p50.ratio?.center).toBeGreaterThan(1.3)
    expect(p50.standing).toBe('higher')
    const wilder = analyse(
      recordOf(scenarioOf(oneCohort), (trial) => ({
        latency: trial.arm === sidecar.name && trial.block === 3 ? 4 : 1,
      })),
    )
    expect(cell(wilder, sidecar.name, 'p50').standing).toBe('undecided')
  })

  test('without an A/A pair the note says what is not known', () => {
    const bare = analyse(recordOf(scenarioOf({ arms: [none, sidecar] }), slower))
    expect(cell(bare, sidecar.name, 'p99').standing).toBe('higher')
    expect(cell(bare, sidecar.name, 'p99').notes.join()).toMatch(/no A\/A pair/)
    expect(bare.noise).toEqual([])
  })

  test('invalid and failed trials do not count, and pairs are of the same block only', () => {
    const holed = analyse(
      recordOf(scenarioOf(), (trial) => {
        if (trial.arm === 'none' && trial.block === 1) return 'failed'
        if (trial.arm === sidecar.name && trial.block === 2) return { generator: { catchUp: false } }
        return slower(trial)
      }),
    )
    const p99 = cell(holed, sidecar.name, 'p99')
    expect(p99.values.map(({ block }) => block)).toEqual([1, 3, 4, 5, 6, 7, 8])
    expect(p99.ratio?.n).toBe(6)
  })

  test('an arm without a valid trial has no data', () => {
    const lost = analyse(recordOf(scenarioOf(), (trial) => (trial.arm === sidecar.name ? 'failed' : slower(trial))))
    expect(cell(lost, sidecar.name, 'p99')).toEqual({
      arm: sidecar.name,
      load: http.name,
      metric: 'p99',
      values: [],
      standing: 'no-data',
      notes: [],
    })
  })

  test('a quantile with fewer than ten answers beyond it has no value', () => {
    const thin = analyse(recordOf(scenarioOf({ loads: [{ ...http, duration: 4 }] }), slower))
    expect(cell(thin, sidecar.name, 'p99').values).toHaveLength(8)
    expect(cell(thin, sidecar.name, 'p999').values).toEqual([])
    expect(cell(thin, sidecar.name, 'p999').notes.join()).toMatch(/8 valid trials without a value/)
  })
})

describe('random effects', () => {
  const steps = [0.03, -0.04, 0.02, -0.01]
  /** Each cohort has its own luck: the arm's level moves from cohort to cohort, and hardly within one. */
  function lucky({ arm, cohort, block }: Trial): Otherwise {
    const wobble = 0.004 * Math.sin(7 * block + { none: 0, [noneAgain.name]: 2, [sidecar.name]: 4 }[arm as 'none'])
    const luck = arm === sidecar.name ? (steps[cohort - 1] ?? 0) : arm === noneAgain.name ? -(steps[cohort] ?? 0) : 0
    return { latency: (arm === sidecar.name ? 1.2 : 1) * (1 + luck + wobble) }
  }

  test('cohorts are the replicates where there are several, and an A/A pair of another mesh lends nothing', () => {
    const { ratio, basis, p, q } = cell(
      analyse(recordOf(scenarioOf({ cohorts: 4, blocks: 5 }), lucky)),
      sidecar.name,
      'p50',
    )
    expect(basis).toMatchObject({ unit: 'cohorts', cohorts: 4, freedom: 3 })
    expect(basis).not.toHaveProperty('pooled')
    expect(basis?.between).toBeGreaterThan(3 * (basis?.within ?? 1))
    expect(ratio?.n).toBe(20)
    const half = Math.log(ratio?.hi ?? 0) - Math.log(ratio?.center ?? 0)
    // Of four cohorts that lie about 3 % apart, with 3 degrees of freedom: 3.18 · 0.03 / 2.
    expect(half).toBeGreaterThan(0.02)
    expect(half).toBeLessThan(0.06)
    expect(p).toBeLessThan(0.005)
    expect(q).toBeGreaterThanOrEqual(p ?? 1)
  })

  test('arms of one mesh share the variance that an A/A arm of it shows', () => {
    const again = { ...sidecar, name: 'sidecar-again' }
    const older = { ...sidecar, name: 'sidecar-older', version: '1' }
    const scenario = scenarioOf({ arms: [sidecar, again, older, none], cohorts: 2, blocks: 4 })
    const found = analyse(
      recordOf(scenario, (trial) => ({ latency: scattered(trial, 0.01) + 0.01 * trial.arm.length * trial.cohort })),
    )
    expect(cell(found, older.name, 'p50').basis).toMatchObject({ freedom: 3, pooled: 2 })
    expect(cell(found, none.name, 'p50').basis).not.toHaveProperty('pooled')
  })

  test('one provisioning of clusters says so, and is widened by what equal arms differ by; local processes are not', () => {
    const record = recordOf(scenarioOf(oneCohort), (trial) => ({
      latency:
        (trial.arm === noneAgain.name ? 1.04 : 1) * scattered(trial, 0.01) * (trial.arm === sidecar.name ? 1.5 : 1),
    }))
    const { provenance } = record.run
    const onKind = { ...record, run: { ...record.run, provenance: { ...provenance, platform: 'kind' } } }
    const [here, there] = [record, onKind].map((one) => cell(analyse(one), sidecar.name, 'p50'))
    expect(here?.basis).toMatchObject({ unit: 'blocks', cohorts: 1, freedom: 7 })
    expect(here?.basis).not.toHaveProperty('onlyHere')
    expect(there?.basis).toMatchObject({ onlyHere: true, widened: expect.closeTo(0.039, 2) })
    expect(there?.ratio?.hi).toBeCloseTo((here?.ratio?.hi ?? 0) * Math.exp(there?.basis?.widened ?? 0), 9)
  })

  test('what all loads of a visit share is compared, and does not change q of the others', () => {
    const start = ({ arm, block }: Trial) => (arm === sidecar.name ? 3 : 1) + block / 100
    const started = analyse(
      recordOf(scenarioOf(), (trial) => ({
        ...slower(trial),
        reading: { start: { ready: start(trial), answered: start(trial) + 0.1 } },
      })),
    )
    const ready = cell(started, sidecar.name, 'start-ready')
    expect(ready).toMatchObject({ standing: 'higher', p: expect.any(Number) })
    expect(ready).not.toHaveProperty('q')
    expect(cell(started, sidecar.name, 'p99').q).toBe(cell(analysis, sidecar.name, 'p99').q)
  })

  test('equal arms have p, but are no findings and have no q', () => {
    expect(cell(analysis, noneAgain.name, 'p50').p).toBeGreaterThan(0)
    expect(cell(analysis, noneAgain.name, 'p50')).not.toHaveProperty('q')
  })
})

describe('what would decide', () => {
  const wild = analyse(
    recordOf(scenarioOf(oneCohort), ({ arm, block }) => ({
      latency: arm === sidecar.name ? 1.08 * (1 + 0.16 * Math.sin(5 * block)) : 1,
    })),
  )

  test('an undecided cell names the blocks; a decided one does not', () => {
    const { standing, needed, ratio } = cell(wild, sidecar.name, 'p50')
    expect(standing).toBe('undecided')
    expect(needed?.blocks).toBeGreaterThan(8)
    expect(needed?.blocks).toBeLessThan(30)
    expect(ratio?.lo).toBeLessThan(1)
    expect(cell(analysis, sidecar.name, 'p50')).not.toHaveProperty('needed')
  })

  test('two blocks need a third', () => {
    const short = analyse(recordOf(scenarioOf({ cohorts: 1, blocks: 2 }), slower))
    expect(cell(short, sidecar.name, 'p50').needed).toEqual({ blocks: 3, cohorts: 1 })
  })
})

describe('the robust estimate', () => {
  test('is shown where one block makes the difference', () => {
    const pulled = analyse(
      recordOf(scenarioOf(oneCohort), ({ arm, block }) => ({
        latency: arm === sidecar.name ? (block === 3 ? 1.6 : 1.02 + 0.001 * block) : 1,
      })),
    )
    const { ratio, robust, notes } = cell(pulled, sidecar.name, 'p50')
    expect(ratio?.lo).toBeLessThan(1)
    expect(robust?.lo).toBeGreaterThan(1)
    expect(notes.join()).toMatch(/Single blocks dominate the mean/)
    expect(cell(analysis, sidecar.name, 'p50')).not.toHaveProperty('robust')
  })
})

describe('clocks', () => {
  test('an open loop is judged by response time, a closed one by service time', () => {
    const response = cell(analysis, 'none', 'p50').values[0]?.value ?? 0
    const service = cell(analysis, 'none', 'service-p50').values[0]?.value ?? 0
    expect(response - service).toBeCloseTo(1e-4, 5)
    const closed = analyse(recordOf(scenarioOf({ loads: [{ ...http, rate: 'max' }] }), slower))
    expect(cell(closed, 'none', 'p50').values).toEqual(cell(closed, 'none', 'service-p50').values)
    expect(closed.distributions.every(({ clock }) => clock === 'service')).toBe(true)
  })

  test('a reading without summary is read from its histograms, with the same result', () => {
    const scenario = scenarioOf({ cohorts: 1, blocks: 3 })
    const bare = analyse(
      recordOf(scenario, (trial) => {
        const { service, response } = readingOf({ ...slower(trial) }).latency
        return { reading: { latency: { service, ...(response !== undefined && { response }) } } }
      }),
    )
    const summed = analyse(recordOf(scenario, slower))
    expect(cell(bare, sidecar.name, 'p999').values).toEqual(cell(summed, sidecar.name, 'p999').values)
  })

  test('quantiles beside the histogram are those of the histogram', () => {
    const { latency } = readingOf()
    const histogram = decodeHistogram(latency.service)
    expect(latency.summary?.service).toMatchObject({ p50: histogram.quantile(0.5), p999: histogram.quantile(0.999) })
  })
})
