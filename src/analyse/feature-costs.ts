import type { Cell, FeatureCosts, MetricInfo } from '../model/analysis.ts'
import { isSameArm, type Scenario, withoutFeature } from '../model/scenario.ts'
import { formatChange, formatCores, formatLatency } from '../model/units.ts'
import { MESH_ROLES, SCALING } from '../model/usage.ts'
import { compareArms } from './cells.ts'
import type { Examined } from './judge-trial.ts'
import { type Metric, metricOfRoles, metrics } from './metrics.ts'
import type { HeldView } from './trial-view.ts'

/** CPU-seconds that a million requests add, as cores at 1,000 requests per second. */
const CORES = 1 / 1000

const carrying = [...MESH_ROLES].filter((role) => SCALING[role]?.carries)
const cpu = metricOfRoles('mesh-cpu', carrying)

/** What the proxies add to idle CPU; the control plane, through which no request passes, is left out. */
const proxyCores: Pick<Metric, 'info' | 'needsIdle'> = {
  info: {
    name: 'proxy-cores',
    title: 'Proxy cores per 1,000 requests/s',
    unit: 'cores',
    better: 'lower',
  },
  needsIdle: true,
}

const latencies = ['p50', 'p99'].map((name) => {
  const place = metrics.findIndex(({ info }) => info.name === name)
  const metric = metrics[place]
  if (!metric) throw new TypeError(`there is no metric ${name}`)
  return { place, metric }
})

const COMPARED = [...latencies.map(({ metric }) => metric), proxyCores]

/** A valid trial: the values of the registry's metrics, and what its components used. */
interface Valid extends Pick<Examined, 'values' | 'errors'> {
  readonly view: HeldView
}

/**
 * What features cost: the arms with a feature against the arm that is equal to them without it, paired within blocks, as arms are compared
 * with the baseline. Each mesh is a family of its own. Empty where no arm has a feature.
 */
export function featureCosts(
  scenario: Scenario,
  valid: readonly Valid[],
  provisioned: { readonly provisioned: boolean },
): FeatureCosts[] {
  const featured = scenario.arms.flatMap((arm) => {
    const without = withoutFeature(scenario.arms, arm)
    return without ? [{ arm, without }] : []
  })
  const rows = valid.map(({ values, errors, view }) => ({
    trial: view.trial,
    values: [...latencies.map(({ place }) => values[place] ?? Number.NaN), (cpu?.value(view) ?? Number.NaN) * CORES],
    errors: [...latencies.map(({ place }) => errors?.[place] ?? 0), (cpu?.error?.(view) ?? 0) * CORES],
  }))
  return [...Map.groupBy(featured, ({ without }) => without)].map(([without, those]) => {
    const equal = scenario.arms.filter((arm) => arm !== without && isSameArm(arm, without))
    const arms = [...equal, ...those.map(({ arm }) => arm)]
    const names = new Set([without, ...arms].map(({ name }) => name))
    const { cells } = compareArms(
      { ...scenario, arms: [without, ...arms] },
      rows.filter(({ trial }) => names.has(trial.arm)),
      provisioned,
      COMPARED,
    )
    return {
      without: without.name,
      mesh: without.mesh,
      arms: arms.map(({ name, feature }) => ({ name, ...(feature !== undefined && { feature }) })),
      metrics: COMPARED.map(({ info }) => info),
      cells,
    }
  })
}

/** A row of a table of costs, as texts. */
export interface CostRow {
  /** The name of the arm without a feature, or of the feature. */
  readonly label: string
  /** In the order of the metrics; the first row has levels, all others differences from it. */
  readonly figures: readonly {
    readonly text: string
    readonly interval?: string
    readonly standing: Cell['standing']
  }[]
}

/** The costs under one load: first what the mesh has without a feature, then what equal arms differ by, then each feature. */
export function featureCostRows({ without, arms, metrics, cells }: FeatureCosts, load: string): CostRow[] {
  const figuresOf = (arm: string, text: (cell: Cell, unit: MetricInfo['unit']) => Omit<Figure, 'standing'>): Figure[] =>
    metrics.map(({ name, unit }) => {
      const cell = cells.find((one) => one.arm === arm && one.load === load && one.metric === name)
      return cell ? { ...text(cell, unit), standing: cell.standing } : { text: '–', standing: 'no-data' }
    })
  return [
    { label: without, figures: figuresOf(without, ({ estimate }, unit) => ({ text: amount(estimate?.center, unit) })) },
    ...arms.map(({ name, feature }) => ({
      label: feature ?? `${name} (A/A)`,
      figures: figuresOf(name, differenceWords),
    })),
  ]
}

type Figure = CostRow['figures'][number]

/** "+0.12 ms (+9.8 %)", and its interval. */
function differenceWords({ difference, ratio }: Cell, unit: MetricInfo['unit']): Omit<Figure, 'standing'> {
  if (!difference) return { text: '–' }
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${amount(Math.abs(value), unit)}`
  const { center, lo, hi } = difference
  return {
    text: ratio ? `${signed(center)} (${formatChange(ratio.center)})` : signed(center),
    ...(lo !== undefined && hi !== undefined && { interval: `${signed(lo)} … ${signed(hi)}` }),
  }
}

function amount(value = Number.NaN, unit: MetricInfo['unit']): string {
  return unit === 'cores' ? formatCores(value) : formatLatency(value)
}
