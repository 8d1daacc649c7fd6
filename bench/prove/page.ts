import { LEVEL_TEXT } from '../../src/model/confidence.ts'
import { formatShare } from '../../src/model/units.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import type { Coverage } from './coverage.ts'
import { coveragePart } from './coverage-page.ts'
import { FAMILY } from './night.ts'
import type { Nulls, Power } from './nights.ts'
import type { PinnedNulls } from './pinned-nights.ts'
import { POWER } from './promises.ts'
import { row } from './row.ts'
import { HOST } from './tails.ts'

export interface Proof {
  readonly schema: 2
  readonly cpuSeconds: number
  /** Real blocks: rows of the example, those of them that are of its A/A pair, and rows of the A/A nights of docs/gate.md. */
  readonly bank: { readonly rows: number; readonly equal: number; readonly quiet: number }
  /** Nights of 36 cells. */
  readonly family: readonly Nulls[]
  readonly power: readonly Power[]
  /** As the shipped nightly has them: three cells, on clusters. */
  readonly nightly: readonly Nulls[]
  readonly nightlyPower: readonly Power[]
  /** By max-T; and beside Holm. */
  readonly resampled: readonly Nulls[]
  readonly resampledPower: readonly Power[]
  /** Tails made of requests, on a host that stalls. */
  readonly stalled: readonly Nulls[]
  readonly stalledPower: readonly Power[]
  readonly pinned: readonly PinnedNulls[]
  readonly coverage: readonly Coverage[]
}

/** The proof as Markdown. */
export function pageOf(proof: Proof): string {
  return [
    '# How often meshbench is wrong',
    '',
    `Made by \`npm run prove\` (${proof.cpuSeconds} s of CPU time), through the functions that judge real runs: \`src/gate/gate-cells.ts\` for verdicts, \`src/compare/pairs.ts\` for intervals. The same numbers are in \`prove.json\`.`,
    '',
    ...familyPart(proof),
    ...powerPart(proof.power),
    ...nightlyPart(proof),
    ...stalledPart(proof),
    ...resampledPart(proof),
    ...pinnedPart(proof.pinned),
    ...coveragePart(proof.coverage),
  ].join('\n')
}

function familyPart({ family, bank }: Proof): string[] {
  const sum = (of: (one: Nulls) => number) => family.reduce((total, one) => total + of(one), 0)
  return [
    '## Nights without any difference',
    '',
    `${sum(({ nights }) => nights)} nights in all, ${sum(({ alarms }) => alarms)} of them with a false alarm and ${sum(({ improvements }) => improvements)} with a false improvement. Each night has ${FAMILY} cells (12 loads, 3 metrics). The cells are independent of each other, which is the worst case. Each night goes through both stages: 10 blocks, then 10 more of the suspected cells. The first stage spends a twentieth of alpha and the second the rest. “Measured” is the number of trials of a night on average, relative to a night that is not extended. “Likely, exit 11” is the share of nights without an alarm in which a cell points to a regression after the last stage, before adjustment over the cells: it is undecided, and red. s_D is the standard deviation of the log-ratio of two arms in one block. Goal: the bound of each rate is at most 1 % of nights. \`gate.alpha\` is ${100 * defaultLimits().alpha} %, which leaves room for the chance in these draws.`,
    '',
    ...nullsTable(family),
    '',
    `The real blocks are those of the example run in \`examples/local\`: ${bank.equal} are of its A/A pair, and ${bank.rows - bank.equal} are of its other arms with their means subtracted. Each night draws blocks with random signs, and keeps the metrics of a block together. The blocks were measured on two busy cores, so such a night decides little, and the gate reports this. The blocks of equal arms are the ${bank.quiet} blocks of the A/A nights in [gate.md](gate.md). Their tail is the p99 of all requests.`,
    '',
  ]
}

function nullsTable(rows: readonly Nulls[]): string[] {
  return [
    `| noise | s_D | nights | false alarms | one-sided ${LEVEL_TEXT} bound | false improvements | nights extended | measured | likely, exit 11 | cells: pass | inconclusive |`,
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(({ title, deviation, nights, alarms, upper, improvements, extended, cost, unconfirmed, verdicts }) => {
      const cells = Object.values(verdicts).reduce((sum, one) => sum + one, 0)
      return row(
        title,
        deviation === undefined ? 'as measured' : formatShare(deviation),
        nights,
        alarms,
        formatShare(upper),
        improvements,
        formatShare(extended / nights),
        formatShare(cost),
        formatShare(unconfirmed / nights),
        formatShare(verdicts.pass / cells),
        formatShare(verdicts.inconclusive / cells),
      )
    }),
  ]
}

function powerPart(power: readonly Power[]): string[] {
  return [
    '## Nights in which one cell is worse',
    '',
    `The tail of one load is worse by the stated increase; the other 35 cells have no difference. The table shows the verdict for that cell after both stages. By default, a difference below 5 % is not a regression, and a cell passes if its bound is within 10 %. The bound has an error of 0.5 % at each of two looks, so a cell that is worse by 10 % passes in less than 1 % of nights. Goals: the gate finds +10 % at s_D 6 % in ${formatShare(POWER.share)} of nights; +10 % or more passes in at most 1 %.`,
    '',
    ...powerTable(power),
    '',
  ]
}

function powerTable(power: readonly Power[], heading = 'blocks'): string[] {
  const isTitled = power.some(({ title }) => title !== undefined)
  return [
    `| ${isTitled ? `${heading} | ` : ''}s_D | increase | nights | regression | inconclusive | pass | measured | median of the blocks that it says are needed |`,
    `|${isTitled ? '---|' : ''}---|---|---|---|---|---|---|---|`,
    ...power.map(({ title, deviation, increase, nights, cost, verdicts, needed }) =>
      row(
        ...(isTitled ? [title ?? ''] : []),
        formatShare(deviation),
        `+${formatShare(increase)}`,
        nights,
        formatShare(verdicts.regression / nights),
        formatShare(verdicts.inconclusive / nights),
        formatShare(verdicts.pass / nights),
        formatShare(cost),
        needed.median ?? '–',
      ),
    ),
  ]
}

function nightlyPart({ nightly, nightlyPower }: Proof): string[] {
  return [
    '## The shipped nightly, on clusters',
    '',
    '`scenarios/nightly.yaml` has five provisionings of two blocks, one load and therefore three cells. It has its baseline and its reference twice: the second reference shows how much equal arms of that mesh differ between clusters. An extension creates as many new clusters. In these nights nothing differs:',
    '',
    ...nullsTable(nightly),
    '',
    'The tail is worse:',
    '',
    ...powerTable(nightlyPower),
    '',
    'For comparison, the same ten blocks on two provisionings take less time, but two clusters are hardly ever enough for a verdict, whether regression or pass.',
    '',
  ]
}

function stalledPart({ stalled, stalledPower }: Proof): string[] {
  const { rate, seconds, every, last, jitter, spread } = HOST
  return [
    '## On a host that stalls',
    '',
    `Here the tail of each trial is made of its requests: ${rate}/s for ${seconds} s, log-logistic service times with a p99 of ${(99 ** spread).toFixed(1)} times the median of 3 ms, and a stall of ${1000 * last} ms about every ${every} s, as on the host where this was seen (both uniform within ±${100 * jitter} %). Requests that are due during a stall wait until it ends. s_D is the scatter of the arms alone; requests and stalls add to it. In these nights nothing differs:`,
    '',
    ...nullsTable(stalled),
    '',
    'The service time under one load is longer. The table compares verdicts by the p99 of a typical second with verdicts by the p99 of all requests in the same windows. The p99 of all requests is mostly the length of the stalls, which no arm causes:',
    '',
    ...powerTable(stalledPower, 'tail'),
    '',
  ]
}

function resampledPart({ resampled, resampledPower }: Proof): string[] {
  return [
    '## By max-T',
    '',
    '`gate.family.method: maxt` flips the signs of whole blocks of a night ten thousand times. It loses less power where cells vary together. In these nights nothing differs:',
    '',
    ...nullsTable(resampled),
    '',
    'For both methods, the tail of one load is worse, and four fifths of the noise are common to all cells of an arm:',
    '',
    ...powerTable(resampledPower, 'method'),
    '',
  ]
}

function pinnedPart(pinned: readonly PinnedNulls[]): string[] {
  return [
    '## Against a pinned reference',
    '',
    'Only the nights differ: ratios to the baseline vary between nights by the stated share, without a cause. The gate knows this variation from the accepted runs and the history only. A breach must occur twice in a row. The goal is the same as above, with 36 cells.',
    '',
    `| between nights | s_D | accepted runs | nights of history | pairs of nights | breach on the first | regression after both | one-sided ${LEVEL_TEXT} bound |`,
    '|---|---|---|---|---|---|---|---|',
    ...pinned.map(({ between, deviation, accepted, history, nights, breaches, alarms, upper }) =>
      row(
        formatShare(between),
        formatShare(deviation),
        accepted,
        history,
        nights,
        breaches,
        alarms,
        formatShare(upper),
      ),
    ),
    '',
  ]
}
