import { analyseRun } from '../../src/commands/analyse-run.ts'
import { baselineOf, isSameArm } from '../../src/model/scenario.ts'
import { mean } from '../../src/stats/moments.ts'
import type { EqualBlocks } from '../live/equal-blocks.ts'
import { METRICS } from './night.ts'

/** Log-ratios to the baseline in real blocks: one row per block and arm, one column per metric. */
export interface Bank {
  readonly rows: readonly (readonly number[])[]
  /** How many rows are of A/A pairs; the others are of arms that differ, their means taken out. */
  readonly equal: number
  /** Rows of the A/A nights of `npm run live`, on a quiet machine. */
  readonly quiet: readonly (readonly number[])[]
}

/** Of a run's folder and the blocks that `npm run live` wrote. An arm's mean is taken out with √(n/(n − 1)), so that its scatter stays what it was. */
export async function bankOf(dir: string, { runs }: EqualBlocks): Promise<Bank> {
  const analysis = await analyseRun(dir)
  const { scenario } = analysis.record.run.plan
  const baseline = baselineOf(scenario)
  const valuesOf = (arm: string, load: string, metric: string) =>
    analysis.cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)?.values ?? []
  const groups = scenario.arms.slice(1).flatMap((arm) =>
    scenario.loads.map(({ name: load }) => {
      const isEqual = isSameArm(arm, baseline)
      const columns = METRICS.map(({ name }) => {
        const base = new Map(valuesOf(baseline.name, load, name).map(({ block, value }) => [block, value]))
        const ratios = valuesOf(arm.name, load, name).flatMap(({ block, value }) => {
          const partner = base.get(block)
          return partner === undefined ? [] : [Math.log(value / partner)]
        })
        const center = isEqual ? 0 : mean(ratios)
        const restored = isEqual ? 1 : Math.sqrt(ratios.length / (ratios.length - 1))
        return ratios.map((ratio) => (ratio - center) * restored)
      })
      const blocks = Math.min(...columns.map(({ length }) => length))
      return { isEqual, rows: Array.from({ length: blocks }, (_, row) => columns.map((column) => column[row] ?? 0)) }
    }),
  )
  return {
    rows: groups.flatMap(({ rows }) => rows),
    quiet: runs.flatMap(({ rows }) => rows),
    equal: groups.filter(({ isEqual }) => isEqual).reduce((sum, { rows }) => sum + rows.length, 0),
  }
}
