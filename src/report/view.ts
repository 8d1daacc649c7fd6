import { noiseBand } from '../analyse/noise-floor.ts'
import type { Analysis, Cell, Clock, MetricInfo } from '../model/analysis.ts'
import type { Load } from '../model/scenario.ts'
import { type ArmStyle, armStyles } from './arm-styles.ts'

/** An Analysis with the questions that every part of the page asks of it. */
export interface View {
  readonly analysis: Analysis
  readonly arms: readonly ArmStyle[]
  readonly baseline: ArmStyle
  readonly loads: readonly Load[]
  metric(name: string): MetricInfo | undefined
  cell(arm: string, load: string, metric: string): Cell | undefined
  /** How far two equal arms stray, as a ratio ≥ 1; undefined without an A/A pair. */
  noise(load: string, metric: string): number | undefined
}

export function viewOf(analysis: Analysis): View {
  const { scenario } = analysis.record.run.plan
  const arms = armStyles(scenario)
  const baseline = arms.find(({ role }) => role === 'baseline')
  if (!baseline) throw new TypeError('a scenario has a baseline')
  const key = (...parts: string[]) => JSON.stringify(parts)
  const metrics = new Map(analysis.metrics.map((metric) => [metric.name, metric]))
  const cells = new Map(analysis.cells.map((cell) => [key(cell.arm, cell.load, cell.metric), cell]))
  const floors = Map.groupBy(analysis.noise, ({ load, metric }) => key(load, metric))
  return {
    analysis,
    arms,
    baseline,
    loads: scenario.loads,
    metric: (name) => metrics.get(name),
    cell: (arm, load, metric) => cells.get(key(arm, load, metric)),
    noise: (load, metric) => {
      const found = floors.get(key(load, metric))
      return found && noiseBand(found)
    },
  }
}

/** The clock that headlines a load: a closed loop has no intended send, so only its service time is known. */
export function clockOf({ rate }: Load): Clock {
  return rate === 'max' ? 'service' : 'response'
}

/** What the table of costs shows, in its order; metrics that the analysis has not are left out. */
export function headlines(view: View): MetricInfo[] {
  return ['p50', 'p99', 'p999', 'throughput', 'cpu', 'memory'].flatMap((name) => view.metric(name) ?? [])
}
