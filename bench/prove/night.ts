import { detailsOf } from '../../src/analyse/analyse.ts'
import { gateCells } from '../../src/gate/gate-cells.ts'
import { suspectsOf } from '../../src/gate/gate-run.ts'
import type { Analysis, Cell, MetricInfo } from '../../src/model/analysis.ts'
import type { Limits } from '../../src/model/limits.ts'
import { type Plan, type Trial, trialsOf } from '../../src/model/plan.ts'
import type { Extension } from '../../src/model/result.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'
import type { GateCell } from '../../src/model/verdict.ts'
import { extended, extendPlan } from '../../src/plan/extend-plan.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import type { Random } from '../../src/stats/random.ts'
import type { Noise } from './noise.ts'

/** 12 loads × 3 metrics: a family of 36 cells. */
export const FAMILY = 36

export const METRICS: readonly MetricInfo[] = [
  { name: 'p50', title: 'p50 latency', unit: 'seconds', better: 'lower', quantile: 0.5 },
  { name: 'typical-p99', title: 'p99 of a typical second', unit: 'seconds', better: 'lower' },
  { name: 'mesh-cpu', title: 'CPU of the mesh per million requests', unit: 'cpu-seconds-per-million', better: 'lower' },
]

/** Without an effect, in base units: large enough that no absolute floor is in the way. */
export const LEVELS = [1e-3, 5e-3, 200]

export const BASELINE: Arm = { name: 'none', mesh: 'none' }
export const CANDIDATE: Arm = { name: 'mesh', mesh: 'envoy-sidecar' }
const REFERENCE: Arm = { name: 'mesh-ref', mesh: 'envoy-sidecar', version: 'before' }
export const LOADS: readonly Load[] = Array.from({ length: FAMILY / METRICS.length }, (_, load) => ({
  name: `load-${load + 1}`,
  tool: 'fortio',
  protocol: 'http',
  rate: 1000,
  connections: 16,
  payload: 1024,
  warmup: 5,
  duration: 60,
}))

export interface NightAbout {
  readonly noise: Noise
  readonly limits: Limits
  readonly platform: 'local' | 'kind'
  readonly cohorts: number
  /** 12 where absent: the whole family. */
  readonly loads?: number
  /** Whether baseline and reference are there twice. */
  readonly hasAgain?: boolean
  /** True relative increase of the tail under the first load. */
  readonly slower?: number
}

export interface JudgedNight {
  readonly cells: readonly GateCell[]
  /** Whether fresh blocks were measured. */
  readonly extended: boolean
  /** Trials that were measured, relative to those of a night that is not extended. */
  readonly cost: number
}

/** A night as the gate judges it: the first stage, then fresh blocks for its suspects, over the whole family. */
export function judgeNight(about: NightAbout, random: Random): JudgedNight {
  const { limits, platform } = about
  const plan = planOf(about)
  const luck = about.noise(random)
  const measured = new Map(trialsOf(plan).map((trial) => [trial, valuesOf(trial, about, luck)]))
  const first = judge(plan, measured, about)
  const suspects = suspectsOf({ cells: first })
  if (suspects.length === 0) return { cells: first, extended: false, cost: 1 }
  const blocks = limits.blocks.extendTo - limits.blocks.initial
  const added = extendPlan(plan, { suspects, blocks, provisionsAnew: platform === 'kind' })
  const planned = measured.size
  for (const trial of trialsOf({ cohorts: added })) measured.set(trial, valuesOf(trial, about, luck))
  return {
    cells: judge(extended(plan, added), measured, about, {
      schema: 1,
      run: 'prove',
      digest: '',
      madeAt: STARTED,
      suspects,
      cohorts: added,
    }),
    extended: true,
    cost: measured.size / planned,
  }
}

function valuesOf(trial: Trial, { slower = 0 }: NightAbout, luck: ReturnType<Noise>): number[] {
  const isCandidate = trial.arm === CANDIDATE.name
  const logs = luck(trial, { isCandidate, slower: isCandidate && trial.load === LOADS[0]?.name ? slower : 0 })
  return LEVELS.map((level, index) => level * Math.exp(logs[index] ?? 0))
}

const STARTED = '2026-01-01T00:00:00Z'

const plans = new Map<string, Plan>()

export function planOf({ limits, cohorts, loads = LOADS.length, hasAgain = false }: Omit<NightAbout, 'noise'>): Plan {
  const blocks = limits.blocks.initial / cohorts
  const key = `${blocks}/${cohorts}/${loads}/${hasAgain}`
  const plan = plans.get(key) ?? makePlan(scenarioOf({ blocks, cohorts, loads: LOADS.slice(0, loads) }, hasAgain))
  plans.set(key, plan)
  return plan
}

function scenarioOf(about: Pick<Scenario, 'blocks' | 'cohorts' | 'loads'>, hasAgain: boolean): Scenario {
  const noise = { trial: 0, block: 0, cohort: 0 }
  const simulation = { latency: 1e-3, spread: 0.3, effects: {}, noise, drift: 1, faults: [], pace: 0 }
  const again = [BASELINE, REFERENCE].map((arm) => ({ ...arm, name: `${arm.name}-again` }))
  const arms = [BASELINE, CANDIDATE, REFERENCE, ...(hasAgain ? again : [])]
  return { name: 'prove', profile: 'equalised', seed: 1, ...about, arms, simulation }
}

function judge(
  plan: Plan,
  measured: ReadonlyMap<Trial, number[]>,
  { limits, platform }: NightAbout,
  extension?: Extension,
): GateCell[] {
  return gateCells(analysisOf(plan, measured, platform, extension), {
    limits,
    pairs: [{ arm: CANDIDATE.name, reference: REFERENCE.name }],
    objections: [],
    today: '2026-01-01',
    breached: new Set(),
  })
}

/** What the gate reads of an analysis: values, and what was planned. */
export function analysisOf(
  plan: Plan,
  measured: ReadonlyMap<Trial, number[]>,
  platform: string,
  extension?: Extension,
): Analysis {
  const byCell = Map.groupBy(measured, ([{ arm, load }]) => `${arm} ${load}`)
  const cells = [...byCell.values()].flatMap((trials): Cell[] =>
    METRICS.map(({ name: metric }, index) => ({
      arm: trials[0]?.[0].arm ?? '',
      load: trials[0]?.[0].load ?? '',
      metric,
      values: trials.map(([{ cohort, block }, values]) => ({ cohort, block, value: values[index] ?? Number.NaN })),
      standing: 'undecided',
      notes: [],
    })),
  )
  const machine = { os: 'linux', kernel: '6', arch: 'x64', cpu: 'none', cores: 2, memoryBytes: 1, load: 0 }
  const provenance = { meshbench: '0', node: '24', commandLine: [], machine, platform, tools: [] }
  const run = {
    schema: 1,
    id: 'prove',
    startedAt: STARTED,
    digest: '',
    plan,
    provenance,
    ...(extension && { extension }),
  }
  const record = { run, results: [], unreadable: [], details: detailsOf([]) }
  const nothing = {
    trials: [],
    missing: [],
    validTrials: 0,
    plannedTrials: 0,
    noise: [],
    components: [],
    costs: [],
    problems: [],
  }
  const drawn = { distributions: [], spectra: [] }
  const pictures = {
    ...drawn,
    latencies: () => drawn,
    effects: () => undefined,
    rankings: [],
    sweeps: [],
    capacities: [],
  }
  return { schema: 1, record, metrics: METRICS, cells, ...nothing, ...pictures }
}
