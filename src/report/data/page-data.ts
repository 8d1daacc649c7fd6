import { median } from 'simple-statistics'
import type { Trend } from '../../analyse/over-runs/trends.ts'
import { provisions } from '../../compare/standing.ts'
import type {
  Analysis,
  CapacityOfLoad,
  Cell,
  ComponentCost,
  CostSample,
  Distribution,
  JudgedTrial,
  MetricInfo,
  NoiseFloor,
  Problem,
  Ranking,
  Sweep,
  TrialSpectrum,
} from '../../model/analysis.ts'
import { blockCount, type Trial, trialsOf } from '../../model/plan.ts'
import type { HeldResult, Timeline } from '../../model/result.ts'
import { type Arm, type Load, MIN_EFFECT } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { MICROS } from '../../model/units.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { thinned } from '../chart.ts'
import { type OperatedTrial, operatedTrials } from './operated.ts'
import { PAGE_SCHEMA } from './page-state.ts'
import { type Stall, worstStalls } from './stalls.ts'
import { armStyles } from './styles-of-arms.ts'

/**
 * The data of the page. Node renders them once. They are also in the page, so that the browser renders the same charts with
 * the same functions, and can show another baseline, clock or percentile.
 */
export interface PageData {
  readonly schema: typeof PAGE_SCHEMA
  readonly run: PageRun
  readonly arms: readonly ArmStyle[]
  /** The arms in the scenario. Which are equal, and which have one mesh, decides about pooled variances. */
  readonly definitions: readonly Arm[]
  readonly loads: readonly Load[]
  readonly metrics: readonly MetricInfo[]
  /** Cells of the headline metrics, without notes. */
  readonly cells: readonly Cell[]
  readonly noise: readonly NoiseFloor[]
  readonly rankings: readonly Ranking[]
  /** Why ranks are not shown; absent where they are. */
  readonly unranked?: string
  /** Loads whose figures nobody should rely on: see `isUnreliable`. Absent in old pages. */
  readonly unreliable?: readonly string[]
  readonly sweeps: readonly Sweep[]
  /** One trial of each arm and load with an operation. Absent in old pages. */
  readonly operations?: readonly OperatedTrial[]
  /** Absent in old pages. */
  readonly capacities?: readonly CapacityOfLoad[]
  readonly distributions: readonly Distribution[]
  /** At most `LINES` of each arm, load and clock. */
  readonly spectra: readonly TrialSpectrum[]
  readonly components: readonly ComponentCost[]
  readonly costs: readonly CostSample[]
  readonly trials: readonly PageTrial[]
  /** Absent in old pages. */
  readonly lateness?: readonly Lateness[]
  /** p99 in every second; at most `ROWS` trials of each arm and load. */
  readonly seconds: readonly TrialSeconds[]
  /** The worst ones of each load. */
  readonly stalls: readonly Stall[]
  /** Over runs, where a history was given. */
  readonly history?: readonly Trend[]
}

export interface PageRun {
  readonly id: string
  readonly scenario: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly platform: string
  readonly profile: string
  /** Whether cohorts are clusters: the random effects of intervals depend on it. */
  readonly provisioned: boolean
  /** Share below which a difference is not relevant; absent in old pages. */
  readonly minEffect?: number
  /** For citations; absent in old pages. */
  readonly meshbench?: string
  readonly machine?: string
  /** Of the meshes, as seen: "1.31.1 (istio-sidecar, istio-ambient)". */
  readonly versions?: string
  readonly blocks?: number
}

interface PageTrial {
  readonly id: string
  readonly cohort: number
  readonly block: number
  readonly position: number
  readonly order: number
  readonly arm: string
  readonly load: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly status: JudgedTrial['status']
  /** Names of the rules that it breaks. */
  readonly rules: readonly string[]
}

/** Medians over the measured trials of an arm and load, in seconds. */
export interface Lateness {
  readonly arm: string
  readonly load: string
  readonly trials: number
  readonly late: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly response?: { readonly p50: number; readonly p99: number }
  readonly asSent?: { readonly p50: number; readonly p99: number }
}

export interface TrialSeconds {
  readonly trial: string
  readonly arm: string
  readonly load: string
  readonly block: number
  /** In seconds; 0 where nothing was answered. */
  readonly p99: readonly number[]
}

/** Most lines and rows of a chart: more are not legible, and would make the page grow with the run. */
const LINES = 4
const ROWS = 6

/** Figures are rounded before rendering, so that Node and the browser render the same. */
export function pageData(analysis: Analysis, history?: readonly Trend[]): PageData {
  const { run } = analysis.record
  const { scenario } = run.plan
  const shown = new Set<string>(SHOWN.charts)
  const { distributions, spectra } = analysis.latencies(drawnIn(analysis))
  const about = rounded({
    run: {
      id: run.id,
      scenario: scenario.name,
      startedAt: run.startedAt,
      platform: run.provenance.platform,
      profile: scenario.profile,
      provisioned: provisions(analysis.record),
      minEffect: scenario.minEffect ?? MIN_EFFECT,
      meshbench: run.provenance.meshbench,
      machine: `${run.provenance.machine.cpu}, ${run.provenance.machine.cores} cores`,
      versions: versionsSeen(analysis),
      blocks: blockCount(run.plan),
    },
    arms: armStyles(scenario),
    definitions: scenario.arms,
    loads: scenario.loads,
    metrics: analysis.metrics.filter(({ name }) => shown.has(name)),
  })
  const compared = rounded({
    noise: analysis.noise.filter(({ metric }) => shown.has(metric)),
    rankings: analysis.rankings,
    ...(analysis.unranked !== undefined && { unranked: analysis.unranked }),
    unreliable: scenario.loads.flatMap(({ name }) => (isUnreliable(analysis, name) ? [name] : [])),
    sweeps: analysis.sweeps,
    operations: operatedTrials(analysis),
    capacities: analysis.capacities,
    distributions: distributions.map(({ spectrum, ...rest }) => ({
      ...rest,
      spectrum: spectrum.map(({ quantile, latency }) => ({ quantile, latency: fine(latency) })),
    })),
    spectra: spectra.map((one) => ({ ...one, latencies: one.latencies.map(fine) })),
    components: analysis.components,
    costs: analysis.costs,
    trials: analysis.trials.map(pageTrial),
    lateness: latenessOf(analysis),
    stalls: worstStalls(analysis),
    ...(history && { history }),
    seconds: secondsOf(analysis),
  })
  const cells = analysis.cells.filter(({ metric }) => shown.has(metric)).map(lean)
  return { schema: PAGE_SCHEMA, ...about, cells, ...compared }
}

/**
 * Whether the figures of a load are not to be relied on: most of its trials are lost, equal arms differ as much as the others, or
 * something makes the comparison of all arms invalid. What an arm alone lacks is said of that arm.
 */
function isUnreliable({ trials, problems, record }: Analysis, load: string): boolean {
  const valid = trials.filter(({ status, result }) => status === 'valid' && result.trial.load === load).length
  const planned = trialsOf(record.run.plan).filter((trial) => trial.load === load).length
  const isHere = (problem: { readonly load?: string }) => problem.load === undefined || problem.load === load
  const isOfAll = ({ severity, arm }: Problem) => severity === 'invalid' && arm === undefined
  return (
    valid < planned / 2 ||
    problems.some((problem) => isHere(problem) && (isOfAll(problem) || problem.rule === 'noise-hides-all'))
  )
}

/** "1.31.1 (istio-sidecar, istio-ambient), edge-26.6.3 (linkerd)": of the measured arms, from their evidence. */
function versionsSeen({ record, trials }: Analysis): string {
  const seen = armStyles(record.run.plan.scenario).flatMap(({ name, role }) => {
    const version = role === 'other' && trials.map(({ result }) => versionIn(result, name)).find(Boolean)
    return version ? [{ name, version: version.split(',')[0] ?? '' }] : []
  })
  const groups = [...Map.groupBy(seen, ({ version }) => version)]
  return groups.map(([version, those]) => `${version} (${those.map(({ name }) => name).join(', ')})`).join(', ')
}

function versionIn({ trial, outcome }: HeldResult, arm: string): string | undefined {
  if (trial.arm !== arm || outcome.status !== 'measured') return undefined
  return outcome.reading.observation.evidence.find(({ name }) => name === 'version')?.seen
}

/** Rounds to six digits, which is more than the precision of any figure and halves the size of the page. */
function rounded<Value>(value: Value): Value {
  if (typeof value === 'number') return Number(value.toPrecision(6)) as Value
  if (Array.isArray(value)) return value.map(rounded) as Value
  if (value === null || typeof value !== 'object') return value
  const copy = { ...value } as Record<string, unknown>
  for (const key of Object.keys(copy)) copy[key] = rounded(copy[key])
  return copy as Value
}

/**
 * A cell with values of five digits, and without notes, which only the tables from Node have. As in the analysis, the values are made
 * anew for whoever reads them: of a large run they would be most of the data.
 */
function lean(cell: Cell): Cell {
  const { values: _, notes: __, ...figures } = cell
  return {
    ...rounded(figures),
    notes: [],
    get values() {
      return cell.values.map(({ value, ...at }) => rounded({ ...at, value: fine(value) }))
    },
  }
}

function fine(value: number): number {
  return Number(value.toPrecision(5))
}

/** At most so many trials of each arm and load, spread evenly over the run. */
function ofEach(trials: readonly JudgedTrial[], most: number): Trial[] {
  const all = trials.map(({ result }) => result.trial)
  const groups = Map.groupBy(all, ({ arm, load }) => JSON.stringify([arm, load]))
  return [...groups.values()].flatMap((group) => thinned(group, most))
}

/** The trials whose spectra are drawn. */
function drawnIn({ trials }: Analysis): ReadonlySet<string> {
  const valid = trials.filter(({ status }) => status === 'valid')
  return new Set(ofEach(valid, LINES).map(({ id }) => id))
}

function pageTrial({ result, status, problems }: JudgedTrial): PageTrial {
  const { trial, outcome, startedAt } = result
  const rules = outcome.status === 'failed' ? [outcome.failure.code] : problems.map(({ rule }) => rule)
  return { ...trial, startedAt, status, rules }
}

function latenessOf({ record, trials }: Analysis): Lateness[] {
  const { arms, loads } = record.run.plan.scenario
  return loads.flatMap((load) =>
    arms.flatMap((arm): Lateness[] => {
      const readings = trials.flatMap(({ result: { trial, outcome } }) =>
        trial.arm === arm.name && trial.load === load.name && outcome.status === 'measured' ? [outcome.reading] : [],
      )
      const late = readings.flatMap(({ generator }) => generator.late ?? [])
      if (late.length === 0) return []
      const middle = <Key extends string>(all: readonly Readonly<Record<Key, number>>[], key: Key) =>
        fine(median(all.map((one) => one[key])))
      const pair = (all: readonly { readonly p50: number; readonly p99: number }[]) => ({
        p50: middle(all, 'p50'),
        p99: middle(all, 'p99'),
      })
      const response = readings.flatMap(({ latency }) => latency.summary?.response ?? [])
      const asSent = readings.flatMap(({ latency }) => latency.summary?.asSent ?? [])
      return [
        {
          arm: arm.name,
          load: load.name,
          trials: late.length,
          late: { ...pair(late), max: middle(late, 'max') },
          ...(response.length > 0 && { response: pair(response) }),
          ...(asSent.length > 0 && { asSent: pair(asSent) }),
        },
      ]
    }),
  )
}

function secondsOf({ trials, record }: Analysis): TrialSeconds[] {
  const measured = trials.filter(({ result }) => result.outcome.status === 'measured')
  return ofEach(measured, ROWS).flatMap(({ id, arm, load, block }): TrialSeconds[] => {
    const { outcome } = record.details(id)
    if (outcome.status === 'failed') return []
    return [{ trial: id, arm, load, block, p99: inSeconds(outcome.reading.timeline) }]
  })
}

/** To three digits, which is what the histogram has. */
function inSeconds({ p99 }: Timeline): number[] {
  return p99.map((micros) => Number((micros / MICROS).toPrecision(3)))
}
