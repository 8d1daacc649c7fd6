import { list, STANDING_WORDS } from '../../analyse/wording.ts'
import type { MetricInfo, Standing } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { Chart } from '../chart.ts'
import { formatRatio } from '../figures.ts'
import { latencyMetric, type View } from '../view.ts'
import { forestSpec } from './forest-drawn.ts'
import { type ForestPanel, panelsOf, titleOf } from './forest-rows.ts'

/** Every arm as a ratio to the baseline, with intervals, by the metrics that are asked for first. */
export function forestChart(view: View, load: Load): Chart {
  const panels = panelsOf(view, load)
  const rows = panels.flatMap((panel) => panel.rows)
  const hasRatio = rows.some(({ ratio }) => ratio !== undefined)
  return {
    id: `differences-${view.loads.indexOf(load)}`,
    title: `Differences from ${view.baseline.name}, ${load.name}`,
    sentence: hasRatio
      ? sentenceOf(
          view,
          panels.find(({ title }) => title === titleOf(chosen(view, load))),
        )
      : '',
    drawing: hasRatio ? (frame) => forestSpec(panels, frame) : { reason: reasonOf(view) },
    columns: [
      { name: 'Arm' },
      { name: 'Metric' },
      { name: 'Difference', unit: 'ratio' },
      { name: 'From', unit: 'ratio' },
      { name: 'To', unit: 'ratio' },
      { name: 'Finding' },
      { name: 'p', unit: 'dimensionless' },
      { name: 'q', unit: 'dimensionless' },
      { name: 'Blocks', unit: 'dimensionless' },
    ],
    rows: rows.map(({ style, metric, cell, ratio, standing }) => [
      style.name,
      metric.title,
      ratio?.center,
      ratio?.lo,
      ratio?.hi,
      STANDING_WORDS[standing],
      cell?.p,
      cell?.q,
      ratio?.n,
    ]),
  }
}

function chosen(view: View, load: Load): MetricInfo | undefined {
  return view.metric(latencyMetric(view, load))
}

function reasonOf(view: View): string {
  const others = view.arms.filter(({ name }) => name !== view.baseline.name)
  return others.length === 0
    ? 'No chart: no arm is shown that could be compared with the baseline.'
    : `No chart: no block of this load has valid trials of ${view.baseline.name} and of another arm.`
}

/** "Against none, p99 is higher with envoy-sidecar (+62 %); envoy-node shows no difference beyond the noise; too noisy to say for …" */
function sentenceOf({ baseline }: View, panel: ForestPanel | undefined): string {
  if (!panel) return ''
  const compared = panel.rows.filter(({ style }) => style.role !== 'twin')
  const of = (...standings: readonly Standing[]) =>
    compared.flatMap(({ style, ratio, standing }) =>
      ratio && standings.includes(standing) ? [`${style.name} (${formatRatio(ratio.center)})`] : [],
    )
  const [higher, lower, same, open] = [of('higher'), of('lower'), of('no-difference', 'within-noise'), of('undecided')]
  const parts = [
    higher.length > 0 ? `${panel.title} is higher with ${list(higher)}` : '',
    lower.length > 0 ? `${higher.length > 0 ? 'it' : panel.title} is lower with ${list(lower)}` : '',
    same.length > 0
      ? `${list(same)} ${same.length === 1 ? 'shows' : 'show'} no difference beyond the noise${higher.length + lower.length > 0 ? '' : ` in ${panel.title}`}`
      : '',
    open.length > 0 ? `too noisy to say for ${list(open)}` : '',
  ].filter(Boolean)
  return parts.length === 0
    ? `By ${panel.title}, no arm has a ratio.`
    : `Against ${baseline.name}, ${parts.join('; ')}.`
}
