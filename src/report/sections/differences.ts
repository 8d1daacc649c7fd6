import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'
import { multiples } from './charts.ts'

/** Every arm against the baseline, with intervals and the noise band. */
export async function differences(view: View): Promise<Html> {
  return html`<section aria-labelledby="differences"><h2 id="differences">Differences to ${view.baseline.name}</h2>
<p>Ratios of geometric means, paired within blocks, with 95 % intervals. Filled marks are differences that this run decides; hollow ones are not relevant, or too noisy to say. The band is what the same arm shows against itself: nothing inside of it is called a difference.</p>
<h3>Ratios, load by load</h3>${await multiples(view, 'differences')}</section>`
}
