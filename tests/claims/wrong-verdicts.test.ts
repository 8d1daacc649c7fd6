import { describe, expect, it } from 'vitest'
import { judgeClaims } from '../../src/claims/judge-claims.ts'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import type { Claim, ClaimQuantity } from '../../src/model/claim.ts'
import type { Scenario } from '../../src/model/scenario.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { type Random, random as streamOf } from '../../src/stats/random.ts'

const METRICS = ['p50', 'p90', 'p99', 'mean', 'typical-p99', 'mesh-memory'] as const

interface Truth {
  /** Of the second arm to the first. */
  readonly ratio: number
  readonly cohorts: number
  readonly blocks: number
  /** Standard deviations of logarithms. */
  readonly noise: { readonly trial: number; readonly block: number; readonly cohort: number }
}

/** A run without trials, whose cells are drawn: values share what their block and cohort have. */
function drawnRun(random: Random, { ratio, cohorts, blocks, noise }: Truth): Analysis {
  const places = Array.from({ length: cohorts * blocks }, (_, index) => ({
    cohort: Math.floor(index / blocks) + 1,
    block: index + 1,
  }))
  const cells = METRICS.flatMap((metric) => {
    const shared = places.map(() => noise.block * random.normal())
    return ['base', 'arm'].map((arm): Cell => {
      const ofCohort = Array.from({ length: cohorts }, () => noise.cohort * random.normal())
      const values = places.map(({ cohort, block }, index) => ({
        cohort,
        block,
        value:
          0.001 *
          (arm === 'arm' ? ratio : 1) *
          Math.exp((shared[index] ?? 0) + (ofCohort[cohort - 1] ?? 0) + noise.trial * random.normal()),
      }))
      return { arm, load: 'load', metric, values, standing: 'undecided', notes: [] }
    })
  })
  const run = { id: 'drawn', startedAt: '2026-01-01', plan: { scenario, cohorts: [] }, provenance }
  return { record: { run }, cells, trials: [], missing: [], problems: [], validTrials: 0, plannedTrials: 0 } as never
}

const parsed = parseScenario(
  'name: drawn\nplatform: simulated\narms: [{ name: base, mesh: none }, { name: arm, mesh: istio-sidecar }]\nloads: [{ name: load, rate: 100/s }]\n',
  'drawn.yaml',
)
const scenario = parsed.scenario as Scenario
const machine = { cpu: 'none', cores: 1, memoryBytes: 1 }
const provenance = { platform: 'simulated', machine, commandLine: ['meshbench', 'run'], tools: [] }
const commands = { run: 'meshbench run', features: 'meshbench features' }

function claimsOf(quantity: ClaimQuantity, bound: number): Claim[] {
  return METRICS.map((metric, index) => ({
    id: metric,
    claim: metric,
    source: 'https://example.com/',
    date: '2026',
    test: {
      kind: 'measured',
      of: 'arm',
      load: 'load',
      metric,
      quantity,
      ...(quantity !== 'value' && { over: 'base' }),
      bound: index % 2 === 0 ? { atLeast: bound } : { atMost: bound },
    },
  }))
}

/** How often any claim of a run is decided, and how often one would be if each were by itself. */
function decidedIn(runs: number, quantity: ClaimQuantity, bound: number, truth: Truth) {
  const random = streamOf(7, 'wrong-verdicts')
  const claims = claimsOf(quantity, bound)
  let [any, alone, holds, fails] = [0, 0, 0, 0]
  for (let run = 0; run < runs; run++) {
    const analysis = drawnRun(random, truth)
    const judged = judgeClaims(claims, { scenario, runs: [analysis], features: [], commands }).claims
    if (judged.some(({ verdict }) => verdict !== 'cannot-tell')) any++
    if (judged.some(({ figures }) => (figures?.p ?? 1) <= 0.05)) alone++
    holds += judged.filter(({ verdict }) => verdict === 'holds').length
    fails += judged.filter(({ verdict }) => verdict === 'does-not-hold').length
  }
  const all = runs * claims.length
  return { any: any / runs, alone: alone / runs, holds: holds / all, fails: fails / all }
}

const RUNS = 800
/** Three standard errors above the stated 5 %. */
const MOST = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / RUNS)

const ONE = { ratio: 1.5, cohorts: 1, blocks: 6, noise: { trial: 0.1, block: 0.3, cohort: 0 } }
const SEVERAL = { ratio: 1.5, cohorts: 4, blocks: 3, noise: { trial: 0.05, block: 0.2, cohort: 0.1 } }

describe('the rate of wrong verdicts', () => {
  it.each([
    ['ratio', 1.5, ONE],
    ['ratio', 1.5, SEVERAL],
    // The geometric mean of the arm is 1.5 ms; its logarithms scatter around that of the bound.
    ['value', 0.0015, ONE],
    ['value', 0.0015, SEVERAL],
  ] as const)('is at most 5 in 100 runs for claims exactly on their bound: %s of %d, %o', (quantity, bound, truth) => {
    const { any, alone } = decidedIn(RUNS, quantity, bound, truth)
    expect(any).toBeLessThan(MOST)
    // Six claims, each by itself at 5 %, would be wrong far more often: the test can tell.
    expect(alone).toBeGreaterThan(0.15)
  })

  it('is at most 5 in 100 runs for differences on their bound', () => {
    // The mean of a log-normal value is exp(s²/2) times its median.
    const { noise, ratio } = ONE
    const mean = Math.exp((noise.trial ** 2 + noise.block ** 2) / 2)
    expect(decidedIn(RUNS, 'difference', 0.001 * (ratio - 1) * mean, ONE).any).toBeLessThan(MOST + 0.02)
  })

  it('leaves verdicts where the truth is far from the bound, and these are right', () => {
    // Half of the claims are at least 1.5, half at most 1.5, of a truth of 2.
    const { holds, fails } = decidedIn(200, 'ratio', 1.5, { ...ONE, ratio: 2 })
    expect(holds).toBeGreaterThan(0.35)
    expect(fails).toBeGreaterThan(0.35)
    const wrong = claimsOf('ratio', 1.5).filter((_, index) => index % 2 === 0)
    const random = streamOf(3, 'wrong-verdicts')
    const judged = Array.from({ length: 200 }, () =>
      judgeClaims(wrong, {
        scenario,
        runs: [drawnRun(random, { ...ONE, ratio: 2 })],
        features: [],
        commands,
      }).claims.map(({ verdict }) => verdict),
    ).flat()
    expect(judged).not.toContain('does-not-hold')
  })
})
