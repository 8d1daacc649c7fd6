import { quantileName, STANDING_WORDS } from '../../analyse/wording.ts'
import type { Cell, Estimate, MetricInfo, Standing } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { formatRatio, formatRatioInterval } from '../figures.ts'
import { latencyMetric, type View } from '../view.ts'

/** One arm by one metric, as a ratio to the baseline. */
export interface ForestRow {
  readonly style: ArmStyle
  readonly metric: MetricInfo
  readonly cell: Cell | undefined
  readonly ratio: Estimate | undefined
  readonly standing: Standing
}

/** One metric: a row for each arm that is compared, and what equal arms differ by. */
export interface ForestPanel {
  readonly metric: MetricInfo
  readonly title: string
  readonly noise: number | undefined
  readonly rows: readonly ForestRow[]
}

/** Shown where they have ratios: a baseline without a mesh has none of its CPU and memory. */
const OF_USAGE: readonly string[] = ['mesh-cpu', 'mesh-memory', 'application-cpu']

export function panelsOf(view: View, load: Load): ForestPanel[] {
  const names = new Set([latencyMetric(view, load, 'p50'), latencyMetric(view, load), ...OF_USAGE])
  const arms = view.arms.filter(({ name }) => name !== view.baseline.name)
  return [...names].flatMap((name) => {
    const metric = view.metric(name)
    if (!metric) return []
    const rows = arms.map((style): ForestRow => {
      const cell = view.cell(style.name, load.name, name)
      return { style, metric, cell, ratio: cell?.ratio, standing: cell?.ratio ? cell.standing : 'no-data' }
    })
    if (OF_USAGE.includes(name) && rows.every(({ ratio }) => !ratio)) return []
    return [{ metric, title: titleOf(metric), noise: view.noise(load.name, name), rows }]
  })
}

export function titleOf(metric: MetricInfo | undefined): string {
  if (metric?.quantile !== undefined) {
    return `${quantileName(metric.quantile)}${metric.clock === 'service' ? ' service time' : ''}`
  }
  return metric?.title ?? ''
}

/** What is said of a mark, and the colour that says the same. */
export function findingOf({ style, metric, ratio, standing }: ForestRow) {
  const isWorse = standing === (metric.better === 'lower' ? 'higher' : 'lower')
  const decided = standing === 'higher' || standing === 'lower'
  const interval = ratio && formatRatioInterval(ratio)
  const figure = ratio ? `${formatRatio(ratio.center)}${interval ? ` (${interval})` : ''}, ` : ''
  return {
    decided,
    color: decided ? `var(--${isWorse ? 'worse' : 'better'})` : 'var(--muted)',
    say: `${style.name}, ${metric.title}: ${figure}${STANDING_WORDS[standing]}`,
  }
}
