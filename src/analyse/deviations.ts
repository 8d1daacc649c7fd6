import { sampleStandardDeviation } from 'simple-statistics'
import type { Analysis, Cell } from '../model/analysis.ts'
import { baselineOf } from '../model/scenario.ts'
import type { Deviation } from '../plan/detectable.ts'

/** Metrics that a plan says something about. */
const PLANNED = ['p50', 'p99', 'cpu']

/**
 * How much each metric scattered between the blocks of earlier runs: the standard deviation of paired log-ratios to the
 * baseline, pooled over arms and runs by their degrees of freedom.
 */
export function deviationsOf(history: readonly Analysis[]): Deviation[] {
  const samples = history.flatMap((analysis) => analysis.cells.flatMap((cell) => sampleOf(cell, analysis)))
  const groups = Map.groupBy(samples, ({ load, metric }) => JSON.stringify([load, metric]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const freedom = group.reduce((total, sample) => total + sample.freedom, 0)
    const variance = group.reduce((total, sample) => total + sample.freedom * sample.deviation ** 2, 0) / freedom
    const runs = new Set(group.map(({ run }) => run))
    const source = `history: ${runs.size === 1 ? `run ${[...runs][0]}` : `${runs.size} runs`}, ${freedom} degrees of freedom`
    return [{ load: first.load, metric: first.metric, deviation: Math.sqrt(variance), source }]
  })
}

/** Below three blocks a standard deviation says next to nothing. */
function sampleOf({ arm, load, metric, values }: Cell, { cells, record }: Analysis) {
  const baseline = baselineOf(record.run.plan.scenario).name
  if (arm === baseline || !PLANNED.includes(metric)) return []
  const partner = cells.find((cell) => cell.arm === baseline && cell.load === load && cell.metric === metric)
  const byBlock = new Map(partner?.values.map(({ block, value }) => [block, value]))
  const ratios = values.flatMap(({ block, value }) => {
    const other = byBlock.get(block)
    return other === undefined ? [] : [Math.log(value / other)]
  })
  if (ratios.length < 3) return []
  return [{ run: record.run.id, load, metric, deviation: sampleStandardDeviation(ratios), freedom: ratios.length - 1 }]
}
