import { count } from '../../analyse/wording.ts'
import type { Analysis } from '../../model/analysis.ts'
import { type Html, html } from '../html.ts'
import { stallsOf } from '../stalls.ts'
import type { View } from '../view.ts'
import { ofRun } from './charts.ts'

/** Trials in which the system stood still for a moment: what means and calm percentiles hide. */
export async function stalls(view: View, { trials }: Analysis): Promise<Html> {
  const found = stallsOf(trials).length
  const shown = view.data.stalls.length
  const measured = trials.filter(({ result }) => result.outcome.status === 'measured').length
  const words =
    measured === 0
      ? 'No trial was measured, so there is no time line to look at.'
      : found === 0
        ? `In ${measured === 1 ? 'the one measured trial' : `all ${measured} measured trials`}, no second stood still.`
        : `The analysis found a second that stood still in ${found} of ${count(measured, 'measured trial')}.${found > shown ? ` The ${shown} worst are drawn.` : ''}`
  return html`<section aria-labelledby="stalls"><h2 id="stalls">Stalls</h2><p>${words}</p>${shown > 0 && html`<h3>The worst seconds</h3>`}${await ofRun(view, 'stalls')}</section>`
}
