import { type Html, html } from '../html.ts'
import { armLegend } from '../legend.ts'
import type { View } from '../view.ts'
import { byLoad } from './charts.ts'

/** Percentile spectra by both clocks. */
export async function latency(view: View): Promise<Html> {
  return html`<section aria-labelledby="latency"><h2 id="latency">Latency, from the median to the tail</h2>
<p><b>Response time</b> counts from the moment a request was meant to be sent: waiting behind a stall counts, as it does for a user. <b>Service time</b> counts from the moment it was really sent. What the load generator itself was late is in neither; it is shown with the trials. Where the two part, requests waited behind slow answers. Thick lines merge the requests of all valid trials, thin ones are single trials: they are for looking; claims come from trials.</p>
${armLegend(view.arms)}${await byLoad(view, 'latency')}</section>`
}
