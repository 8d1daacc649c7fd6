import type { MetricInfo } from '../../model/analysis.ts'
import { TAIL } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { formatLatency } from '../../model/units.ts'
import { capital } from '../../model/words.ts'
import { BUDGET, costAnswer, fastest, isDecided, loadWords, type Winner } from '../data/answers.ts'
import { citeAnswer, citeRow } from '../data/citation.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { citation } from '../figure.ts'
import { htmlWords, plainWords } from '../format.ts'
import { type Html, html } from '../html.ts'
import { cheapest } from './cluster-costs.ts'
import { costTable } from './costs.ts'

/** What the page says first of a load. The browser renders it again when the reader changes the view. */
export function headline(view: View, load: Load): Html {
  const index = view.loads.indexOf(load)
  const [lead] = answersOf(view, load)
  return html`<h2 id="answer-${index}" class="quiet">${loadWords(load)}, driven by ${load.tool}${load.rate === 'max' && '; latencies are service times, since a closed loop has no intended send time'}</h2>
${lead && html`<p class="lead">${htmlWords(costAnswer(view, load, lead, 'with load'))}</p>`}`
}

/** Likewise: who leads, and whether that is real. */
export function winners(view: View, load: Load): Html {
  const { unranked, unreliable = [] } = view.data
  const isReliable = !unreliable.includes(load.name)
  if (unranked !== undefined) {
    return html`<div class="card"><h3>Lowest and cheapest</h3><p class="winner">not ranked</p><p>${capital(unranked)}. The figures are an example of a report.</p></div>`
  }
  return html`${card(`Cheapest under a p99 of ${formatLatency(BUDGET)}`, cheapest(view, load), isReliable)}${card(`Lowest ${tailTitle(view, load)}`, fastest(view, load), isReliable)}`
}

/** Likewise: the other sentences, the table and how to cite it. */
export function costs(view: View, load: Load): Html {
  const [lead, ...others] = answersOf(view, load)
  const cited = [
    ...(lead ? [citeAnswer(view, load, plainWords(costAnswer(view, load, lead, 'with load')))] : []),
    ...view.arms.map(({ name }) => citeRow(view, load, name)),
  ]
  return html`${others.map((metric) => html`<p class="second">${htmlWords(costAnswer(view, load, metric))}</p>`)}
${costTable(view, load)}
<details><summary>Cite or repeat these figures</summary>${cited.map(citation)}<p class="under">The scenario of these commands is under <a href="#reproduce">Reproduce</a>.</p></details>`
}

/** The metrics of the opening: tail, median, CPU of the mesh; metrics with decided differences come first. */
export function answersOf(view: View, load: Load): MetricInfo[] {
  const names = [latencyMetric(view, load, TAIL), latencyMetric(view, load, 'p50'), 'mesh-cpu']
  const metrics = names.flatMap((name) => view.metric(name) ?? [])
  return metrics.toSorted((a, b) => Number(isDecided(view, load, b)) - Number(isDecided(view, load, a)))
}

export function tailTitle(view: View, load: Load): string {
  return latencyMetric(view, load, TAIL) === TAIL ? 'p99 of a typical second' : 'p99'
}

function card(title: string, { arms, level, real, why }: Winner, isReliable: boolean): Html {
  const verdict = real === undefined ? '' : html`${standing(real, isReliable)} `
  return html`<div class="card"><h3>${title}</h3><p class="winner">${arms.length > 1 ? html`tied: ${arms.join(', ')}` : (arms[0] ?? '–')}${level && html` <small>${level}</small>`}</p><p>${verdict}${htmlWords(why)}</p></div>`
}

function standing(isReal: boolean, isReliable: boolean): Html {
  if (!isReal) return html`<b class="no">The order is not decided.</b>`
  return isReliable ? html`<b class="yes">A real difference.</b>` : html`<b class="no">The run is not reliable.</b>`
}
