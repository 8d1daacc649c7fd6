import type { Load } from '../../model/scenario.ts'
import { loadWords } from '../answers.ts'
import type { Chart } from '../chart.ts'
import { chartsOfLoad, chartsOfRun, type LoadPart, type RunPart } from '../charts/index.ts'
import { figure } from '../figure.ts'
import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'

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
