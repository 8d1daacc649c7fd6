import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import {
  type ClusterSize,
  type Crossing,
  crossingsOf,
  DEFAULT_CLUSTER_SIZE,
  demandOf,
  dollarsOf,
  meanOfSamples,
  spentIn,
} from '../../src/analyse/cost-model.ts'
import type { CostSample } from '../../src/model/analysis.ts'
import { formatDollars } from '../../src/model/units.ts'
import { halfWidth } from '../../src/stats/intervals.ts'
import { random } from '../../src/stats/random.ts'
import { IDLE, readingOf } from '../build/reading.ts'
import { recordOf } from '../build/run.ts'
import { http, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

const analysis = analyse(recordOf(scenarioOf(), ({ block }) => ({ latency: 1 + 0.01 * (block % 3) })))
const of = (arm: string, metric: string, from = analysis) =>
  from.cells.find((cell) => cell.arm === arm && cell.metric === metric)

describe('what a request adds', () => {
  test('is the same at every rate; CPU divided by requests is not', () => {
    const loads = [20, 100, 400].map((rate) => ({ ...http, name: `http-${rate}`, rate }))
    const found = analyse(recordOf(scenarioOf({ loads }), () => ({})))
    const marginal = loads.map(
      ({ name }) =>
        found.cells.find(({ arm, load, metric }) => arm === sidecar.name && load === name && metric === 'mesh-cpu')
          ?.estimate?.center,
    )
    for (const one of marginal) expect(one).toBeCloseTo(100, 6)
    const divided = loads.map((load) => {
      const { observation, requests } = readingOf({ arm: sidecar, load })
      return ((observation.usage.find(({ role }) => role === 'client-proxy')?.cpuSeconds ?? 0) / requests) * 1e6
    })
    // 10 millicores at 20/s are 500 µs for each request.
    expect(divided[0]).toBeGreaterThan(4 * (divided[2] ?? 0))
  })

  test('may come out below 0, and is kept so', () => {
    const busy = readingOf({ arm: sidecar })
    const usage = busy.observation.usage.map((one) => ({
      ...one,
      cpuSeconds: 0.5 * IDLE.proxy * busy.observation.seconds,
    }))
    const spent = spentIn({ ...busy, observation: { ...busy.observation, usage } })
    expect(spent.find(({ role }) => role === 'client-proxy')?.perRequest).toBeLessThan(0)
  })

  test('is unknown without an idle window, and one problem says so', () => {
    const record = recordOf(scenarioOf(), () => ({}))
    const results = record.results.map((result) => {
      if (result.outcome.status === 'failed') return result
      const { idle: _, ...reading } = result.outcome.reading
      return { ...result, outcome: { ...result.outcome, reading } }
    })
    const old = analyse({ ...record, results })
    expect(of(sidecar.name, 'mesh-cpu', old)).toMatchObject({
      standing: 'no-data',
      notes: [expect.stringContaining('no observation without load')],
    })
    expect(of(sidecar.name, 'mesh-memory', old)?.estimate?.center).toBeCloseTo(6e7, 0)
    expect(old.costs).toEqual([])
    const told = old.problems.filter(({ rule }) => rule === 'no-idle-window')
    expect(told).toHaveLength(1)
    expect(told[0]?.cause).toBe(
      'No idle window in 24 of 24 valid trials: the version of meshbench that made the run did not measure them.',
    )
    expect(analysis.problems.filter(({ rule }) => rule === 'no-idle-window')).toEqual([])
  })

  test('is not told where usage was not observed at all', () => {
    const blind = analyse(recordOf(scenarioOf(), () => ({ observation: { usage: [] } })))
    expect(of(sidecar.name, 'mesh-cpu', blind)?.standing).toBe('no-data')
    expect(blind.problems.filter(({ rule }) => rule === 'no-idle-window')).toEqual([])
  })
})

test('cpu, memory and cost are no metrics any more', () => {
  expect(analysis.metrics.map(({ name }) => name).filter((name) => ['cpu', 'memory', 'cost'].includes(name))).toEqual(
    [],
  )
})

const nothing = { cores: 0, bytes: 0 }

/** Sidecars: 0.01 cores and 50 MB a pod; 300 µs a request. Control plane: 0.1 cores and 200 MB. */
const side: Pick<CostSample, 'idle' | 'perRate'> = {
  idle: { pod: { cores: 0.01, bytes: 50e6 }, node: nothing, namespace: nothing, cluster: { cores: 0.1, bytes: 200e6 } },
  perRate: { cores: 300e-6, bytes: 2000 },
}
const clusterSize: ClusterSize = {
  pods: 120,
  podsPerNode: 30,
  podsPerNamespace: 40,
  rate: 10,
  coreHour: 0.03,
  gibHour: 0.004,
}

describe('the cost model', () => {
  test('counts each part as often as it is there, and adds what requests add', () => {
    // 120 × 0.01 + 0.1 + 1,200/s × 300 µs
    expect(demandOf(side, clusterSize).cores).toBeCloseTo(1.2 + 0.1 + 0.36, 12)
    expect(demandOf(side, clusterSize).bytes).toBeCloseTo(120 * 50e6 + 200e6 + 1200 * 2000, 3)
    const node = { cores: 0.02, bytes: 30e6 }
    const waypoint = { cores: 0.05, bytes: 60e6 }
    const ambient = { idle: { pod: nothing, node, namespace: waypoint, cluster: nothing }, perRate: nothing }
    // 4 nodes and 3 namespaces; one of each at least.
    expect(demandOf(ambient, clusterSize).cores).toBeCloseTo(4 * 0.02 + 3 * 0.05, 12)
    expect(demandOf(ambient, { ...clusterSize, pods: 2 }).bytes).toBe(90e6)
  })

  test('has prices for a month of 730 hours', () => {
    expect(dollarsOf({ cores: 2, bytes: 3 * 2 ** 30 }, clusterSize)).toBeCloseTo(730 * (2 * 0.03 + 3 * 0.004), 9)
  })

  test('reads parts off trials: means of sidecars, sums of a control plane, growth with load', () => {
    const idle = { seconds: 10, evidence: [] }
    const part = (
      component: string,
      role: 'client-proxy' | 'server-proxy' | 'control-plane' | 'node' | 'cni',
      cpuSeconds: number,
      memoryBytes: number,
      instances?: number,
    ) => ({ component, role, cpuSeconds, memoryBytes, ...(instances && { instances }) })
    const record = recordOf(scenarioOf({ arms: [sidecar], cohorts: 1, blocks: 1 }), () => ({
      observation: {
        seconds: 60,
        usage: [
          part('client', 'client-proxy', 30, 60e6),
          part('server', 'server-proxy', 20, 300e6, 5),
          part('a', 'control-plane', 6, 100e6),
          part('b', 'control-plane', 3, 50e6),
          part('node-client', 'node', 60, 1e9),
        ],
      },
      reading: {
        idle: {
          ...idle,
          usage: [
            part('client', 'client-proxy', 0.1, 50e6),
            part('server', 'server-proxy', 0.5, 250e6, 5),
            part('a', 'control-plane', 1, 100e6),
            part('b', 'control-plane', 0.4, 50e6),
            part('node-client', 'node', 5, 1e9),
          ],
        },
      },
    }))
    const [sample, ...others] = analyse(record).costs
    expect(others).toEqual([])
    const requests = readingOf({ arm: sidecar }).requests
    // Six sidecars: (0.1 + 0.5) s in 10 s.
    expect(sample?.idle.pod).toEqual({ cores: expect.closeTo(0.06 / 6, 12), bytes: 300e6 / 6 })
    expect(sample?.idle.cluster).toEqual({ cores: expect.closeTo(0.14, 12), bytes: 150e6 })
    expect(sample?.idle.node).toEqual(nothing)
    // The sidecars' 50 s less 0.06 cores for 60 s; a control plane carries no requests.
    expect(sample?.perRate.cores).toBeCloseTo((50 - 3.6) / requests, 12)
    expect(sample?.perRate.bytes).toBeCloseTo((60e6 * readingOf({ arm: sidecar }).seconds) / requests, 6)
  })

  test('predicts the memory of many sidecars from two, whichever of them was charged with the pages of their program', () => {
    const sidecars = (
      client: readonly [own: number, file: number],
      server: readonly [number, number],
      pods: number,
    ) => {
      const usage = [['client-proxy', client, 1] as const, ['server-proxy', server, pods] as const].map(
        ([role, [own, fileBytes], instances]) => ({
          component: role,
          role,
          cpuSeconds: 0,
          memoryBytes: instances * own + fileBytes,
          fileBytes,
          instances,
        }),
      )
      const record = recordOf(scenarioOf({ arms: [sidecar], cohorts: 1, blocks: 1 }), () => ({
        observation: { seconds: 60, usage },
        reading: { idle: { seconds: 10, evidence: [], usage } },
      }))
      const total = usage.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
      return { total, sample: analyse(record).costs[0] as CostSample }
    }
    const two = sidecars([30e6, 24e6], [30e6, 16e6], 1)
    const thirteen = sidecars([30e6, 16e6], [30e6, 24e6], 12)
    // Thirteen pods on two nodes, as measured.
    const place = { ...clusterSize, pods: 13, podsPerNode: 6.5 }
    expect(demandOf(two.sample, place).bytes).toBeCloseTo(thirteen.total, 3)
    expect(demandOf(thirteen.sample, place).bytes).toBeCloseTo(thirteen.total, 3)
    expect(two.sample.perRate.bytes).toBe(0)
  })
})

/** One sample a block: `fixed` once, `slope` a pod, in cores. */
function samplesOf(arm: string, fixed: readonly number[], slope: readonly number[]): CostSample[] {
  return fixed.map((cores, index) => ({
    arm,
    load: 'http',
    cohort: 1,
    block: index + 1,
    idle: {
      pod: { cores: slope[index] ?? 0, bytes: 0 },
      node: nothing,
      namespace: nothing,
      cluster: { cores, bytes: 0 },
    },
    perRate: nothing,
  }))
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length

/** Fieller 1954: where (a + b x)² = t² (Saa + 2 x Sab + x² Sbb) / n. */
function fieller(a: readonly number[], b: readonly number[]): [number, number] {
  const n = a.length
  const s = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, one, index) => sum + (one - mean(x)) * ((y[index] ?? 0) - mean(y)), 0) / (n - 1) / n
  const t2 = halfWidth(n - 1) ** 2
  const [p, q, r] = [mean(b) ** 2 - t2 * s(b, b), mean(a) * mean(b) - t2 * s(a, b), mean(a) ** 2 - t2 * s(a, a)]
  const root = Math.sqrt(q ** 2 - p * r)
  return [(-q - root) / p, (-q + root) / p]
}

describe('crossings', () => {
  test('lie where both need the same, with the interval of Fieller’s theorem', () => {
    const fixed = [1.02, 0.97, 1.04, 0.99, 1.01, 0.98]
    const slope = [0.0101, 0.0098, 0.0103, 0.0097, 0.0102, 0.01]
    const [one, other] = [
      samplesOf(
        'per-pod',
        fixed.map(() => 0),
        slope,
      ),
      samplesOf(
        'once',
        fixed,
        slope.map(() => 0),
      ),
    ]
    const [crossing, ...more] = crossingsOf({ one, other }, clusterSize, 'cores', false)
    const [lo, hi] = fieller(
      fixed.map((value) => -value),
      slope,
    )
    expect(more).toEqual([])
    expect(crossing).toMatchObject({ less: 'per-pod', more: 'once', decided: true })
    expect(crossing?.pods).toBeCloseTo(mean(fixed) / mean(slope), 6)
    expect(crossing?.lo).toBeCloseTo(lo, 6)
    expect(crossing?.hi).toBeCloseTo(hi, 6)
    expect(crossingsOf({ one: other, other: one }, clusterSize, 'cores', false)[0]).toMatchObject({
      less: 'per-pod',
      more: 'once',
    })
  })

  test('are not decided where the difference is not sure on both sides', () => {
    const [one, other] = [samplesOf('a', [0, 0, 0], [0.01, 0.03, -0.005]), samplesOf('b', [1, 1, 1], [0, 0, 0])]
    const [crossing] = crossingsOf({ one, other }, clusterSize, 'cores', false)
    expect(crossing?.decided).toBe(false)
    expect(crossing).not.toHaveProperty('hi')
  })

  test('there are none where one needs less at every size', () => {
    const [one, other] = [
      samplesOf('a', [1, 1.1, 0.9], [0.01, 0.01, 0.01]),
      samplesOf('b', [2, 2.1, 2], [0.02, 0.021, 0.02]),
    ]
    expect(crossingsOf({ one, other }, clusterSize, 'cores', false)).toEqual([{ less: 'a', more: 'b', decided: true }])
  })

  test('have a place on either side of the first full node', () => {
    // One node costs as 20 pods do, up to 30 pods; from then on nodes are cheaper.
    const [one] = [samplesOf('per-pod', [0, 0, 0], [0.01, 0.0101, 0.0099])]
    const other = samplesOf('per-node', [0, 0, 0], [0, 0, 0]).map((sample, index) => ({
      ...sample,
      idle: { ...sample.idle, node: { cores: [0.2, 0.201, 0.199][index] ?? 0, bytes: 0 } },
    }))
    const found: Crossing[] = crossingsOf({ one, other }, { ...clusterSize, podsPerNamespace: 5 }, 'cores', false)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ less: 'per-pod', more: 'per-node', pods: expect.closeTo(20, 6) })
  })

  test('and totals hold the truth as often as they say', () => {
    // Fixed 1 core, 0.01 a pod, against 2 cores once: 100 pods. Parts scatter, and with each other.
    let [crossed, within] = [0, 0]
    const rounds = 600
    const draw = random(11)
    for (let round = 0; round < rounds; round++) {
      const luck = Array.from({ length: 6 }, () => draw.normal())
      const one = samplesOf(
        'a',
        luck.map((z) => 1 + 0.05 * z + 0.05 * draw.normal()),
        luck.map((z) => 0.01 - 0.0003 * z + 0.0002 * draw.normal()),
      )
      const other = samplesOf(
        'b',
        luck.map(() => 2 + 0.05 * draw.normal()),
        luck.map(() => 0),
      )
      const { lo = 0, hi = 0 } = crossingsOf({ one, other }, clusterSize, 'cores', false)[0] ?? {}
      const total = meanOfSamples(one, (sample) => demandOf(sample, clusterSize).cores, false)
      if (lo <= 100 && hi >= 100) crossed++
      if ((total?.lo ?? 0) <= 2.2 && (total?.hi ?? 0) >= 2.2) within++
    }
    // Three standard errors of 95 % in 600 rounds.
    for (const share of [crossed / rounds, within / rounds]) {
      expect(share).toBeGreaterThan(0.923)
      expect(share).toBeLessThan(0.977)
    }
  })
})

test('several cohorts are the replicates of a total', () => {
  const samples = [1, 1.01, 3, 3.01].map((cores, index): CostSample => {
    const [sample] = samplesOf('a', [cores], [0])
    return { ...(sample as CostSample), cohort: index < 2 ? 1 : 2, block: index + 1 }
  })
  const one = meanOfSamples(samples, ({ idle }) => idle.cluster.cores, true)
  expect((one?.hi ?? 0) - (one?.lo ?? 0)).toBeGreaterThan(10)
})

test('the default cluster is what the page says', () => {
  expect(DEFAULT_CLUSTER_SIZE).toEqual({
    pods: 100,
    podsPerNode: 30,
    podsPerNamespace: 25,
    rate: 20,
    coreHour: 0.031611,
    gibHour: 0.004237,
  })
})

test.each([
  [0, '$0.00'],
  [4.1, '$4.10'],
  [-0.384, '−$0.38'],
  [99.994, '$99.99'],
  [99.996, '$100'],
  [1234.5, '$1,235'],
  [Number.NaN, '–'],
])('%d dollars are %s', (value, text) => {
  expect(formatDollars(value)).toBe(text)
})

test('equal arms without a mesh have none of its CPU, and cannot be told apart', () => {
  expect(of(noneAgain.name, 'mesh-cpu')).toMatchObject({ standing: 'no-difference', estimate: { center: 0 } })
})
