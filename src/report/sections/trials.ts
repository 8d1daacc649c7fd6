import { withheldOf } from '../../analyse/tail.ts'
import type { Analysis, Cell, JudgedTrial, MetricInfo } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import type { LatencySummary } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import { count, STANDING_WORDS, strainWords } from '../../model/words.ts'
import { clockOf, type View } from '../data/view.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../format.ts'
import { type Html, html } from '../html.ts'
import { type TableCell, table } from '../table.ts'
import { byLoad, ofLoad } from './chart-sections.ts'

/** All trials, and charts by block, by second and of distributions, for readers who check the figures. */
export async function trials(view: View, analysis: Analysis): Promise<Html> {
  return html`<section aria-labelledby="trials"><h2 id="trials">Every trial</h2>
<p>A trial is one load against one arm in one block, the unit of replication. The table has all trials of the load; those that are not valid are not in any figure above. “Late” is the lateness of the load generator, which is not part of any latency; a quantile that it may have changed is withheld. The response time of a late request counts from when it could have been sent, so lateness is only in the time <i>as sent</i> (answer − intended send). The chart of it shows medians of all measured trials.</p>
${await byLoad(view, async (load) => {
  return html`${trialList(view, analysis, load)}${figuresTable(view, analysis, load)}${await ofLoad(view, load, 'blocks', 'seconds', 'distribution', 'lateness')}`
})}</section>`
}

function trialList(view: View, analysis: Analysis, load: Load): Html {
  const own = analysis.trials.filter(({ result }) => result.trial.load === load.name)
  const inOrder = own.toSorted((a, b) => a.result.trial.order - b.result.trial.order)
  if (inOrder.length === 0) return html`<p class="reason">No trial has been run.</p>`
  const index = view.loads.indexOf(load)
  return html`<details class="every-trial"><summary>${count(inOrder.length, 'trial')}, in the order of the run</summary><noscript>${trialTable(view, inOrder, index)}</noscript></details>`
}

const HEAD = [
  'Order',
  'Cohort',
  'Block',
  'Position',
  'p50',
  'p99',
  'Rate',
  'Late p50',
  'Late p99',
  'Latest',
  'Start (UTC)',
  'Arm',
  'Host',
  'Status',
]

/**
 * The HTML is as short as possible, since a run can have thousands of trials. Scripts find a row by its index, which is the
 * trial's place in the order of those of its load.
 */
function trialTable(view: View, inOrder: readonly JudgedTrial[], load: number): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-labelledby="all-trials-${load}">
<table class="plain trials"><caption><span id="all-trials-${load}">Every trial, in order</span></caption>
<thead><tr>${HEAD.map((name) => html`<th scope=col>${name}`)}</tr></thead>
<tbody>${inOrder.map((trial) => row(view, trial))}</tbody></table></div>`
}

function row(view: View, judged: JudgedTrial): Html {
  const { trial, startedAt, outcome } = judged.result
  const summary = latencyOf(view, judged)
  const rate =
    outcome.status === 'measured'
      ? (outcome.reading.requests - outcome.reading.errors) / outcome.reading.seconds
      : undefined
  const latency = (seconds: number | undefined) => (seconds === undefined ? '–' : formatLevel('seconds', seconds))
  const reading = outcome.status === 'measured' ? outcome.reading : undefined
  const withheld = reading && withheldOf(reading)
  const late = reading?.generator.late
  const cells = [
    trial.cohort,
    trial.block,
    trial.position,
    withheld?.has('p50') ? 'withheld' : latency(summary?.p50),
    withheld?.has('p99') ? 'withheld' : latency(summary?.p99),
    rate === undefined || !Number.isFinite(rate) ? '–' : formatLevel('per-second', rate),
    latency(late?.p50),
    latency(late?.p99),
    latency(late?.max),
    startedAt.slice(11, 19),
    trial.arm,
    hostOf(judged),
    statusOf(judged),
  ]
  const tone = judged.status === 'valid' ? '' : html` class="faint"`
  return html`<tr${tone}><th scope=row>${trial.order}${cells.map((cell) => html`<td>${cell}`)}
`
}

/** Quantiles by the load's headline clock. Old valid trials have no summaries, so their values come from cells. */
function latencyOf(
  view: View,
  { result: { trial, outcome } }: JudgedTrial,
): Pick<LatencySummary, 'p50' | 'p99'> | undefined {
  const load = view.loads.find(({ name }) => name === trial.load)
  if (outcome.status !== 'measured' || !load) return undefined
  const summary = outcome.reading.latency.summary?.[clockOf(load)]
  if (summary) return summary
  const at = (metric: string) =>
    view.cell(trial.arm, trial.load, metric)?.values.find(({ block }) => block === trial.block)?.value
  const [p50, p99] = [at('p50'), at('p99')]
  return p50 !== undefined && p99 !== undefined ? { p50, p99 } : undefined
}

/** How busy the host was during the window, and what its tasks waited for besides CPU. */
function hostOf({ result: { outcome } }: JudgedTrial): string {
  if (outcome.status !== 'measured') return '–'
  const { host, seconds } = outcome.reading.observation
  // Counters of kubelets say nothing of the machines.
  if (!host) return 'not known'
  return [`${formatShare(host.busyCores / host.cores)} busy`, ...strainWords(host, seconds)].join(', ')
}

function statusOf({ status, problems, result: { outcome } }: JudgedTrial): Html | string {
  const rules = outcome.status === 'failed' ? [outcome.failure.code] : problems.map(({ rule }) => rule)
  if (status === 'valid') return [status, ...rules].join(', ')
  return html`<b class="status ${status}">${status}</b> ${rules.join(', ')}`
}

/** All figures of a load by both clocks, with p and q values. */
function figuresTable(view: View, { metrics, cells }: Analysis, load: Load): Html {
  const rows = metrics.flatMap((metric) =>
    view.arms.flatMap(({ name }) => {
      const cell = cells.find((one) => one.arm === name && one.load === load.name && one.metric === metric.name)
      return cell ? [figuresRow(metric, cell)] : []
    }),
  )
  if (rows.length === 0) return html``
  return html`<details><summary>Every figure of ${load.name}, on both clocks, with p and q</summary><noscript>${table({
    id: `figures-${view.loads.indexOf(load)}`,
    caption: `Every figure of ${load.name}`,
    head: [
      { content: 'Metric' },
      { content: 'Arm' },
      ...['Mean', `${LEVEL_TEXT} interval`, 'Ratio', `${LEVEL_TEXT} interval`, 'Difference', 'p', 'q', 'n'].map(
        (content) => ({
          content,
          numeric: true,
        }),
      ),
      { content: 'Standing' },
      { content: 'Notes' },
    ],
    rows,
  })}</noscript></details>`
}

function figuresRow(metric: MetricInfo, cell: Cell): TableCell[] {
  const { arm, estimate, ratio, difference, p, q, standing, notes } = cell
  const level = (value: number) => formatLevel(metric.unit, value)
  const number = (content: string | undefined) => ({ content: content ?? '–' })
  return [
    { content: metric.title },
    { content: arm },
    number(estimate && level(estimate.center)),
    number(estimate && formatInterval(estimate, level)),
    number(ratio && formatRatio(ratio.center)),
    number(ratio && formatRatioInterval(ratio)),
    number(difference && formatDifference(metric.unit, difference.center)),
    number(chance(p)),
    number(chance(q)),
    number(String(estimate?.n ?? 0)),
    { content: STANDING_WORDS[standing] },
    { content: notes.filter((note) => !note.startsWith(NOISE)).join(' ') },
  ]
}

/** Notes that begin like this are left out: the page shows them once for all arms. */
const NOISE = 'Two equal arms differ by up to'

function chance(value: number | undefined): string | undefined {
  if (value === undefined) return undefined
  return value < 1e-4 ? '< 0.0001' : formatNumber(value, 2)
}
