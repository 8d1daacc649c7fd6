import type { Coverage } from './coverage.ts'
import { row } from './row.ts'

export function coveragePart(coverage: readonly Coverage[]): string[] {
  const single = coverage.filter(({ cohorts }) => cohorts === 1)
  const several = coverage.filter(({ cohorts }) => cohorts > 1)
  return [
    '## 95 % intervals that hold the truth',
    '',
    `${coverage[0]?.runs ?? 0} runs of each setting. Goal: 93 % to 97 %. With one cohort blocks are the replicates:`,
    '',
    '| blocks | normal | t3 | p99 of a typical second, host that stalls, arm 1.5 times as slow |',
    '|---|---|---|---|',
    ...[...Map.groupBy(single, ({ blocks }) => blocks)].map(([blocks, rows]) =>
      row(blocks, ...rows.map(({ covered }) => percent(covered))),
    ),
    '',
    'With several, cohorts are. Each figure is the least and the most over normal and t3 noise and over cohorts that differ not at all, as much as trials, and three times as much. Two versions of a mesh, of which one is there twice, are lent what that pair shows of the clusters of this mesh. All other comparisons rest on the scatter of their own cohorts, also where the baseline is there twice; so the arm may differ more from cluster to cluster than the baseline does, and its blocks may or may not.',
    '',
    '| cohorts | blocks of each | one mesh, lent | two meshes | clusters twice as restless | three times | blocks too, twice | three times | half a width, lent | two meshes |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...[...Map.groupBy(several, ({ cohorts, blocks }) => `${cohorts} | ${blocks}`)].map(([key, rows]) => {
      const of = (equals: Coverage['equals'], cohorts: number, blocks: number) =>
        rows.filter(
          (one) => one.equals === equals && one.restless.cohorts === cohorts && one.restless.blocks === blocks,
        )
      const [lent, alone] = [of('lent', 1, 1), of('alone', 1, 1)]
      return row(
        key,
        ...[lent, alone, of('alone', 2, 1), of('alone', 3, 1), of('alone', 2, 2), of('alone', 3, 3)].map(span),
        ...[lent, alone].map(width),
      )
    }),
    '',
    'The last columns are medians where clusters differ as much as trials, in standard deviations of a trial. With two cohorts and nothing lent t has one degree of freedom: such intervals are honest and wide, and a third cohort narrows them by half or more.',
    '',
  ]
}

function span(rows: readonly Coverage[]): string {
  const shares = rows.map(({ covered }) => covered)
  return `${percent(Math.min(...shares))} – ${percent(Math.max(...shares))}`
}

function width(rows: readonly Coverage[]): string {
  const found = rows.find(({ shape, between }) => shape === 'normal' && between === 1)
  return found ? found.half.toFixed(1) : '–'
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
