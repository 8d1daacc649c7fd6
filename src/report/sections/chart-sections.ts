import type { Analysis } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { count } from '../../model/words.ts'
import { armLegend, byRole, roleLegend } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { billsOf, isCompared } from '../charts/component-bars.ts'
import { chartsOfLoad, chartsOfRun, type LoadPart, type RunPart } from '../charts/index.ts'
import { loadWords } from '../data/answers.ts'
import { stallsOf } from '../data/page-data.ts'
import type { View } from '../data/view.ts'
import { figure } from '../figure.ts'
import { type Html, html } from '../html.ts'

/** Figures of all loads as small multiples, side by side. */
export async function multiples(view: View, part: LoadPart): Promise<Html> {
  return figures(view.loads.flatMap((load) => chartsOfLoad(view, part, load)))
}

/** One group of figures for each load, under its name. `between`: what stands between name and figures. */
export async function byLoad(
  view: View,
  part: LoadPart,
  between: (load: Load, charts: readonly Chart[]) => Html = () => html``,
): Promise<Html> {
  const groups = await Promise.all(
    view.loads.map(async (load) => {
      const charts = chartsOfLoad(view, part, load)
      return html`<h3>${load.name} <small>${loadWords(load)}</small></h3>${between(load, charts)}${await figures(charts)}`
    }),
  )
  return html`${groups}`
}

export async function ofRun(view: View, part: RunPart): Promise<Html> {
  return figures(chartsOfRun(view, part))
}

async function figures(charts: readonly Chart[]): Promise<Html> {
  return html`<div class="figures${charts.length === 1 && ' single'}">${await Promise.all(charts.map(figure))}</div>`
}

/** Percentile spectra by both clocks. */
export async function latency(view: View): Promise<Html> {
  return html`<section aria-labelledby="latency"><h2 id="latency">Latency, from the median to the tail</h2>
<p><b>Response time</b> counts from the moment a request was meant to be sent: waiting behind a stall counts, as it does for a user. <b>Service time</b> counts from the moment it was really sent. What the load generator itself was late is in neither; it is shown with the trials. Where the two part, requests waited behind slow answers. Thick lines merge the requests of all valid trials, thin ones are single trials: they are for looking; claims come from trials.</p>
${armLegend(view.arms)}${await byLoad(view, 'latency')}</section>`
}

/** Every arm against the baseline, with intervals and the noise band. */
export async function differences(view: View): Promise<Html> {
  return html`<section aria-labelledby="differences"><h2 id="differences">Differences to ${view.baseline.name}</h2>
<p>Ratios of geometric means, paired within blocks, with 95 % intervals. Filled marks are differences that this run decides; hollow ones are not relevant, or too noisy to say. The band is what the same arm shows against itself: nothing inside of it is called a difference.</p>
<h3>Ratios, load by load</h3>${await multiples(view, 'differences')}</section>`
}

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

/** The bill by component, and what is bought with it. */
export async function resources(view: View): Promise<Html> {
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>Application, proxies on both sides, node proxies, waypoint, CNI and control plane, wherever they run. CPU per request is what the load adds to what is busy without load: idle CPU is there at every rate, and stands apart. The rest of the nodes and Kubernetes itself are there in every arm; they have rows in the tables and are in no total and no ratio. CPU is counted between the two edges of each window.</p>
${await byLoad(view, 'resources', (load) => roles(view, load))}
<h3>What is bought with it</h3><p class="under">Crosses are 95 % intervals.</p>${armLegend(view.arms)}${await byLoad(view, 'tradeoffs')}</section>`
}

function roles(view: View, load: Load): Html {
  const parts = billsOf(view, load)
    .flatMap((one) => one.parts)
    .filter(isCompared)
  const seen = [...new Set(parts.sort(byRole).map(({ role }) => role))]
  return seen.length > 0 ? roleLegend(seen) : html``
}

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
