import { count } from '../../analyse/wording.ts'
import type { JudgedTrial } from '../../model/analysis.ts'
import type { LatencySummary } from '../../model/result.ts'
import { formatLevel } from '../figures.ts'
import { type Fragment, type Html, html } from '../html.ts'
import { type TableCell, table } from '../table.ts'
import { clockOf, type View } from '../view.ts'

/** Every trial in the order in which it was run. None is left out. */
export function trials(view: View): Html {
  const inOrder = view.analysis.trials.toSorted((a, b) => a.result.trial.order - b.result.trial.order)
  if (inOrder.length === 0)
    return html`<section aria-labelledby="trials"><h2 id="trials">Every trial</h2><p class="reason">No trial has been run.</p></section>`
  return html`<section aria-labelledby="trials"><h2 id="trials">Every trial</h2>
<p>A trial is one load against one arm in one block. None is left out of this table; those that are not valid take no part in any figure above.</p>
<details><summary>${count(inOrder.length, 'trial')}, in the order in which they were run</summary>${table({
    id: 'all-trials',
    caption: 'Every trial, in order',
    head: [
      { content: 'Order', numeric: true },
      { content: 'Cohort', numeric: true },
      { content: 'Block', numeric: true },
      { content: 'Position', numeric: true },
      { content: 'Arm' },
      { content: 'Load' },
      { content: 'Start (UTC)' },
      { content: 'p50', numeric: true },
      { content: 'p99', numeric: true },
      { content: 'Rate', numeric: true },
      { content: 'Status' },
    ],
    rows: inOrder.map((trial) => row(view, trial)),
  })}</details></section>`
}

function row(view: View, judged: JudgedTrial): TableCell[] {
  const { trial, startedAt, outcome } = judged.result
  const summary = latencyOf(view, judged)
  const rate =
    outcome.status === 'measured'
      ? (outcome.reading.requests - outcome.reading.errors) / outcome.reading.seconds
      : undefined
  const tone = judged.status === 'valid' ? '' : 'faint'
  const number = (content: Fragment) => ({ numeric: true, content, tone })
  return [
    number(trial.order),
    number(trial.cohort),
    number(trial.block),
    number(trial.position),
    { content: trial.arm, tone },
    { content: trial.load, tone },
    { content: startedAt.slice(11, 19), tone },
    number(summary ? formatLevel('seconds', summary.p50) : '–'),
    number(summary ? formatLevel('seconds', summary.p99) : '–'),
    number(rate === undefined || !Number.isFinite(rate) ? '–' : formatLevel('per-second', rate)),
    { content: statusOf(judged) },
  ]
}

/** By the load's headline clock. Trials written before summaries were kept fall back to the analysis's values, which valid trials have. */
function latencyOf(
  view: View,
  { result: { trial, outcome } }: JudgedTrial,
): Pick<LatencySummary, 'p50' | 'p99'> | undefined {
  const load = view.loads.find(({ name }) => name === trial.load)
  if (outcome.status !== 'measured' || !load) return undefined
  const clock = clockOf(load)
  const summary = outcome.reading.latency.summary?.[clock]
  if (summary) return summary
  const at = (metric: string) =>
    view.cell(trial.arm, trial.load, metric)?.values.find(({ block }) => block === trial.block)?.value
  const [p50, p99] = [at('p50'), at('p99')]
  return p50 !== undefined && p99 !== undefined ? { p50, p99 } : undefined
}

function statusOf({ status, problems, result: { outcome } }: JudgedTrial): Html {
  const rules = outcome.status === 'failed' ? [outcome.failure.code] : problems.map(({ rule }) => rule)
  return html`<span class="status ${status}">${status}</span>${rules.length > 0 && html` <small>${rules.join(', ')}</small>`}`
}
