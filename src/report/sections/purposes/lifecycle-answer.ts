import { LATE, UNNOTICED } from '../../../analyse/operations/operation-effects.ts'
import { operationRows } from '../../../analyse/operations/operation-rows.ts'
import type { Analysis } from '../../../model/analysis.ts'
import { LEVEL_TEXT } from '../../../model/confidence.ts'
import { blockCount } from '../../../model/plan.ts'
import type { Load } from '../../../model/scenario.ts'
import { formatDuration, formatLatency, formatRate } from '../../../model/units.ts'
import { count, validityWords } from '../../../model/words.ts'
import { operations } from '../../../operations/index.ts'
import { swatch } from '../../arm-styles.ts'
import type { View } from '../../data/view.ts'
import { type Html, html } from '../../html.ts'
import { table } from '../../table.ts'
import { ofLoad } from '../chart-sections.ts'

/** What the page says of a run with operations: for each, three figures of each arm and its time line. */
export async function lifecycle(view: View, analysis: Analysis): Promise<Html> {
  const parts = await Array.fromAsync(view.loads, (load) => ofOperation(view, analysis, load))
  const { plan } = analysis.record.run
  return html`<section class="first" aria-labelledby="lifecycle"><h2 id="lifecycle">Operations under load</h2>
<p>Errors are counted from the start of the operation on. A request is late if it was answered more than ${formatDuration(LATE)} after it was due, anywhere in the window; never sent are those whose connection still waited when the window ended. A second is normal without errors, with a p99 of at most twice the highest of the seconds before the operation (or at most ${formatLatency(UNNOTICED)}). Time until normal is from the start of the operation to the end of the last second that was not normal before three seconds in a row were, once the operation had ended; seconds after these do not count. ${validityWords(analysis)}; ${count(blockCount(plan), 'block')} in ${count(plan.cohorts.length, 'cohort')}.</p>
${parts}</section>`
}

async function ofOperation(view: View, analysis: Analysis, load: Load): Promise<Html> {
  const { title = load.operation, does } = operations[load.operation ?? ''] ?? {}
  const rows = operationRows(analysis, load)
  const hasChange = rows.some(({ change }) => change)
  const hasPod = rows.some(({ pod }) => pod !== undefined)
  const value = ({ text, interval }: { readonly text: string; readonly interval?: string }) =>
    html`${text}${interval !== undefined && html`<small>${interval}</small>`}`
  return html`<h3>${load.name}: ${title}</h3>
<p class="lead">${does}</p><p class="under">At second ${String(load.operationAt ?? 0)} of ${formatDuration(load.duration)}, under ${formatRate(load.rate)}.</p>
${table({
  id: `operation-of-${load.name}`,
  caption: `Means over the valid trials of each arm, with ${LEVEL_TEXT} intervals where there are several`,
  head: [
    { content: 'Arm' },
    { content: 'Errors', numeric: true },
    { content: 'Late or never sent', numeric: true },
    { content: 'Until normal', numeric: true },
    ...(hasChange ? [{ content: 'Until every answer is new', numeric: true }] : []),
    ...(hasPod ? [{ content: 'Pod made meanwhile' }] : []),
    { content: 'What was done' },
  ],
  rows: rows.map((row) => {
    const style = view.arms.find(({ name }) => name === row.arm)
    return [
      html`<span class="arm">${style && swatch(style)}<span>${row.arm}</span></span>`,
      value(row.errors),
      value(row.late),
      value(row.recovery),
      ...(hasChange ? [row.change ? value(row.change) : '–'] : []),
      ...(hasPod ? [row.pod ?? '–'] : []),
      row.absent ?? row.seen.join(' '),
    ]
  }),
})}
${await ofLoad(view, load, 'operation')}`
}
