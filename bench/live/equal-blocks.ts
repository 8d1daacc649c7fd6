import { baselineOf } from '../../src/model/scenario.ts'
import type { Judged } from './judged-run.ts'

/** Log-ratios of two equal arms in real blocks, one row a block: what a run without a difference looks like here. */
export interface EqualBlocks {
  readonly schema: 1
  readonly metrics: readonly string[]
  readonly runs: readonly {
    readonly run: string
    readonly cpu: string
    readonly rows: readonly (readonly number[])[]
  }[]
}

const METRICS = ['p50', 'p99', 'mesh-cpu']

export function equalBlocks(runs: readonly Judged[]): EqualBlocks {
  return {
    schema: 1,
    metrics: METRICS,
    runs: runs.map(({ analysis }) => {
      const { id, plan, provenance } = analysis.record.run
      return { run: id, cpu: provenance.machine.cpu, rows: rowsOf(analysis, baselineOf(plan.scenario).name) }
    }),
  }
}

function rowsOf({ cells }: Judged['analysis'], baseline: string): number[][] {
  const columns = METRICS.map((metric) => {
    const of = (isBaseline: boolean) =>
      cells.find((cell) => cell.metric === metric && (cell.arm === baseline) === isBaseline)?.values ?? []
    const base = new Map(of(true).map(({ block, value }) => [block, value]))
    return new Map(of(false).map(({ block, value }) => [block, Math.log(value / (base.get(block) ?? Number.NaN))]))
  })
  const blocks = [...(columns[0]?.keys() ?? [])]
  const rows = blocks.map((block) => columns.map((column) => Number((column.get(block) ?? Number.NaN).toPrecision(6))))
  return rows.filter((row) => row.every(Number.isFinite))
}
