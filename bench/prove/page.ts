import { formatShare } from '../../src/model/units.ts'
import type { Coverage } from './coverage.ts'
import { FAMILY } from './night.ts'
import type { Nulls, Power } from './nights.ts'

export interface Proof {
  readonly schema: 1
  readonly cpuSeconds: number
  /** Real blocks: rows in all, and rows of A/A pairs. */
  readonly bank: { readonly rows: number; readonly equal: number }
  readonly family: readonly Nulls[]
  readonly power: readonly Power[]
  readonly coverage: readonly Coverage[]
}

/** The proof as Markdown. */
export function pageOf(proof: Proof): string {
  return [
    '# How often meshbench is wrong',
    '',
    `Made by \`npm run prove\` (${proof.cpuSeconds} s of CPU time), through the functions that judge real runs: \`src/gate/gate-cells.ts\` for verdicts, \`src/analyse/weigh.ts\` for intervals. The same numbers are in \`prove.json\`.`,
    '',
    ...familyPart(proof),
    ...powerPart(proof.power),
    ...coveragePart(proof.coverage),
  ].join('\n')
}

function familyPart({ family, bank }: Proof): string[] {
  const nights = family.reduce((sum, one) => sum + one.nights, 0)
  const alarms = family.reduce((sum, one) => sum + one.alarms, 0)
  return [
    '## Nights without any difference',
    '',
    `${nights} nights in all, ${alarms} of them with a false alarm. Each night has ${FAMILY} cells (12 loads, 3 metrics) that are independent of each other, which is the worst case, and goes through both stages: 10 blocks, then 10 more of what looks suspicious. s_D is the standard deviation of the log-ratio of two arms in one block. Goal: the bound of the share of nights with any false alarm at most 1 %.`,
    '',
    '| noise | s_D | nights | false alarms | one-sided 95 % bound | false improvements | nights extended | cells: pass | inconclusive |',
    '|---|---|---|---|---|---|---|---|---|',
    ...family.map(({ title, deviation, nights, alarms, upper, improvements, extended, verdicts }) =>
      row(
        title,
        deviation === undefined ? 'as measured' : formatShare(deviation),
        nights,
        alarms,
        formatShare(upper),
        improvements,
        formatShare(extended / nights),
        formatShare(verdicts.pass / (nights * FAMILY)),
        formatShare(verdicts.inconclusive / (nights * FAMILY)),
      ),
    ),
    '',
    `The real blocks are those of the example run in \`results/example-local\`: ${bank.equal} of its A/A pair, and ${bank.rows - bank.equal} of its other arms with their means taken out. Each night draws from them with random signs, the metrics of a block together. They were measured on two busy cores, where p99 scatters by half: such a night decides little, and the gate says so.`,
    '',
  ]
}

function powerPart(power: readonly Power[]): string[] {
  return [
    '## Nights in which one cell is worse',
    '',
    'p99 of one load is worse by so much, the other 35 cells are not; what the gate says of that cell after both stages. Differences below 5 % are no regression by default, and 10 % is the margin of a pass: an increase of 10 % may pass in one of twenty nights.',
    '',
    '| s_D | increase | nights | regression | inconclusive | pass | median of the blocks it says it needs |',
    '|---|---|---|---|---|---|---|',
    ...power.map(({ deviation, increase, nights, verdicts, needed }) =>
      row(
        formatShare(deviation),
        `+${formatShare(increase)}`,
        nights,
        formatShare(verdicts.regression / nights),
        formatShare(verdicts.inconclusive / nights),
        formatShare(verdicts.pass / nights),
        needed.median ?? '–',
      ),
    ),
    '',
  ]
}

function coveragePart(coverage: readonly Coverage[]): string[] {
  const single = coverage.filter(({ cohorts }) => cohorts === 1)
  const several = coverage.filter(({ cohorts }) => cohorts > 1)
  const groups = Map.groupBy(several, ({ cohorts, blocks }) => `${cohorts} | ${blocks}`)
  const of = (rows: readonly Coverage[], hasPair: boolean, restless: number) =>
    span(rows.filter((one) => one.hasPair === hasPair && one.restless === restless))
  return [
    '## 95 % intervals that hold the truth',
    '',
    `${coverage[0]?.runs ?? 0} runs of each setting, arms sharing the baseline of their run. Goal: 93 % to 97 %. With one cohort blocks are the replicates:`,
    '',
    '| blocks | normal | t3 |',
    '|---|---|---|',
    ...[...Map.groupBy(single, ({ blocks }) => blocks)].map(([blocks, rows]) =>
      row(blocks, ...rows.map(({ covered }) => percent(covered))),
    ),
    '',
    'With several, cohorts are. Each figure is the least and the most over normal and t3 noise and over cohorts that differ not at all, as much as trials, and three times as much. An A/A pair lends the arms what it knows of cohorts; an arm more restless than the baseline is lent more, by how its blocks scatter. The last column is beyond the goal, and shown for where it ends.',
    '',
    '| cohorts | blocks of each | no A/A pair | with A/A pair | arm twice as restless | three times |',
    '|---|---|---|---|---|---|',
    ...[...groups].map(([key, rows]) =>
      row(key, of(rows, false, 1), of(rows, true, 1), of(rows, true, 2), of(rows, true, 3)),
    ),
    '',
  ]
}

function span(rows: readonly Coverage[]): string {
  const shares = rows.map(({ covered }) => covered)
  return `${percent(Math.min(...shares))} – ${percent(Math.max(...shares))}`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}
