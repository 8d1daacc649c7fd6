import type { Analysis } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import type { Load } from '../../model/scenario.ts'
import { count } from '../../model/words.ts'
import { armLegend, byRole, roleLegend } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { billsOf, isCompared } from '../charts/component-bars.ts'
import { chartsOfLoad, chartsOfRun, type LoadPart, type RunPart } from '../charts/index.ts'
import { loadWords } from '../data/answers.ts'
import { stalledIn } from '../data/stalls.ts'
import type { View } from '../data/view.ts'
import { figure } from '../figure.ts'
import { type Html, html, textOf, trusted } from '../html.ts'

/**
 * A part of the page for each load. The first is shown. The others are closed and in `noscript`: where scripts run, they are no
 * elements of the page until their load is chosen; where none run, a reader opens them.
 */
export async function byLoad(view: View, make: (load: Load) => Html | Promise<Html>): Promise<Html> {
  const parts = await Array.fromAsync(view.loads, make)
  return html`${view.loads.map((load, index) => {
    const part = parts[index] ?? html``
    if (index === 0) return html`<div data-load="0">${part}</div>`
    const inside = textOf(part).replace(/<\/?noscript>/g, '')
    return html`<noscript data-load="${index}"><details><summary>${load.name} <small>${loadWords(load)}</small></summary>${trusted(inside)}</details></noscript>`
  })}`
}

/** Figures of a load, by the parts that they belong to, side by side. */
export async function ofLoad(view: View, load: Load, ...parts: readonly LoadPart[]): Promise<Html> {
  return figures(parts.flatMap((part) => chartsOfLoad(view, part, load)))
}

export async function ofRun(view: View, part: RunPart): Promise<Html> {
  return figures(chartsOfRun(view, part))
}

async function figures(charts: readonly Chart[]): Promise<Html> {
  const isSingle = charts.length === 1
  const all = await Array.fromAsync(charts, (chart) => figure(chart, isSingle))
  return html`<div class="figures${isSingle && ' single'}">${all}</div>`
}

/** Percentile spectra by both clocks. */
export async function latency(view: View): Promise<Html> {
  return html`<section aria-labelledby="latency"><h2 id="latency">Latency percentiles</h2>
<p><b>Response time</b> counts from the time when a request was due, so it includes waiting behind a stall, as a user sees it. <b>Service time</b> counts from the actual send. Neither includes lateness of the load generator, which is shown with the trials. Where the two differ, requests waited behind slow answers. Thick lines merge the requests of all valid trials, thin lines are single trials. These charts are for looking; conclusions come from the comparison of trials.</p>
${armLegend(view.arms)}${await byLoad(view, (load) => ofLoad(view, load, 'latency'))}</section>`
}

/** Every arm against the baseline, with intervals and the noise band. */
export async function differences(view: View): Promise<Html> {
  return html`<section class="first" aria-labelledby="differences"><h2 id="differences">Differences from <span class="base-name">${view.baseline.name}</span></h2>
${await byLoad(view, (load) => ofLoad(view, load, 'differences'))}
<p>Ratios of geometric means, paired within blocks, with ${LEVEL_TEXT} intervals. Filled marks are decided differences; hollow marks are not relevant or too noisy to say. The band is the noise of equal arms (A/A): nothing within it is called a difference.</p></section>`
}

/** Latency by rate; empty where no loads differ only in their rate. */
export async function sweeps(view: View): Promise<Html> {
  if (view.data.sweeps.length === 0) return html``
  return html`<section aria-labelledby="sweep"><h2 id="sweep">Rate sweep</h2>
<p>Loads that differ only in their rate; the choice of a load does not change this part. The knee is where an arm no longer keeps up: between the last rate that it carried and the first that it did not.</p>
${await ofRun(view, 'sweeps')}</section>`
}

/** Trends over runs; empty without a history. */
export async function history(view: View): Promise<Html> {
  if (!view.data.history?.length) return html``
  return html`<section aria-labelledby="history"><h2 id="history">History</h2>
<p>Ratios to the baseline of the same run, so that a slower machine affects both. Change points show when a series changed and which versions changed with it; they do not judge a run.</p>
${await byLoad(view, async (load) => {
  const charts = chartsOfLoad(view, 'history', load)
  return charts.length > 0 ? figures(charts) : html`<p class="reason">No earlier run of the history has this load.</p>`
})}</section>`
}

/** CPU and memory by component, and latency against both. */
export async function resources(view: View): Promise<Html> {
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>Application, proxies on both sides, node proxies, waypoint, CNI and control plane, on all nodes. CPU per request is what the load adds to idle CPU; idle CPU does not depend on the rate and is shown separately. What Kubernetes itself and the rest of the nodes use has rows in the tables, but is not in totals and ratios. It is not the same in every arm: a mesh adds objects and containers that Kubernetes has to keep. CPU is the difference of counters at the start and end of each window.</p>
${await byLoad(view, async (load) => html`${roles(view, load)}${await ofLoad(view, load, 'resources')}`)}
<h3>Latency against cost</h3><p class="under">Crosses are ${LEVEL_TEXT} intervals.</p>${armLegend(view.arms)}${await byLoad(view, (load) => ofLoad(view, load, 'tradeoffs'))}</section>`
}

function roles(view: View, load: Load): Html {
  const parts = billsOf(view, load)
    .flatMap((one) => one.parts)
    .filter(isCompared)
  const seen = [...new Set(parts.sort(byRole).map(({ role }) => role))]
  return seen.length > 0 ? roleLegend(seen) : html``
}

/** Trials with stalls, which means and low percentiles hide. */
export async function stalls(view: View, { trials }: Analysis): Promise<Html> {
  return html`<section aria-labelledby="stalls"><h2 id="stalls">Stalls</h2>${await byLoad(view, async (load) => {
    const own = trials.filter(({ result }) => result.trial.load === load.name)
    const found = stalledIn(own).length
    const measured = own.filter(({ result }) => result.outcome.status === 'measured').length
    const charts = chartsOfLoad(view, 'stalls', load)
    return html`<p class="under">${stallWords(found, measured, charts.length)}</p>${await figures(charts)}`
  })}</section>`
}

function stallWords(found: number, measured: number, shown: number): string {
  if (measured === 0) return 'No trial of this load was measured, so there is no time line.'
  if (found === 0) {
    return `No stall was found in ${measured === 1 ? 'the one measured trial' : `any of the ${measured} measured trials`} of this load.`
  }
  return `Stalls were found in ${found} of ${count(measured, 'measured trial')} of this load.${found > shown ? ` Drawn: the ${shown} worst.` : ''}`
}
