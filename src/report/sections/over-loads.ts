import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'
import { ofRun } from './charts.ts'

/** How latency grows with the rate; nothing where no loads differ in their rate alone. */
export async function sweeps(view: View): Promise<Html> {
  if (view.data.sweeps.length === 0) return html``
  return html`<section aria-labelledby="sweep"><h2 id="sweep">As the rate grows</h2>
<p>Loads that differ in nothing but their rate. The knee is where an arm stops keeping up: it lies between the last rate that it carried and the first that it did not.</p>
<h3>Latency over the rate</h3>${await ofRun(view, 'sweeps')}</section>`
}

/** The trend over runs; nothing where no history was given. */
export async function history(view: View): Promise<Html> {
  if (!view.data.history?.length) return html``
  return html`<section aria-labelledby="history"><h2 id="history">Over runs</h2>
<p>Ratios to the baseline of the same run, so that a slower night moves both. Change points date a change, with what else changed in between; they judge no run.</p>
<h3>Trends</h3>${await ofRun(view, 'history')}</section>`
}
