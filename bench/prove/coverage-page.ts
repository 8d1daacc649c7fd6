import { LEVEL_TEXT } from '../../src/model/confidence.ts'
import { formatShare } from '../../src/model/units.ts'
import type { Coverage } from './coverage.ts'
import { COVERAGE } from './promises.ts'
import { row } from './row.ts'

export function coveragePart(coverage: readonly Coverage[]): string[] {
  const single = coverage.filter(({ cohorts }) => cohorts === 1)
  const several = coverage.filter(({ cohorts }) => cohorts > 1)
  return [
    `## ${LEVEL_TEXT} intervals that hold the truth`,
    '',
    `${coverage[0]?.runs ?? 0} runs of each setting. Goal: ${formatShare(COVERAGE.lo)} to ${formatShare(COVERAGE.hi)}. With one cohort blocks are the replicates:`,
    '',
    '| blocks | normal | t3 | p99 of a typical second, host that stalls, arm 1.5 times as slow |',
    '|---|---|---|---|',
    ...[...Map.groupBy(single, ({ blocks }) => blocks)].map(([blocks, rows]) =>
      row(blocks, ...rows.map(({ covered }) => percent(covered))),
    ),
    '',
    'With several cohorts, cohorts are the replicates. Each entry is the smallest and the largest share over normal and t3 noise, and over cohorts that do not differ, differ as much as trials, and differ three times as much. In “one mesh, pooled”, two versions of a mesh are compared and one of them is there twice: the interval also uses the variance between clusters that this pair shows. All other intervals use the scatter of their own cohorts only, even where the baseline is there twice, because the arm may vary more between clusters than the baseline.',
    '',
    '| cohorts | blocks of each | one mesh, pooled | two meshes | clusters vary twice as much | three times | clusters and blocks, twice | three times | half-width, pooled | two meshes |',
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
    'The last two columns are medians where clusters differ as much as trials, in standard deviations of a trial. With two cohorts and no pooled variance, t has one degree of freedom, so intervals are wide; a third cohort narrows them by half or more.',
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
