import { quantileName } from '../../analyse/wording.ts'
import type { Cell, MetricInfo } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../figures.ts'
import { type Fragment, type Html, html } from '../html.ts'
import { swatch } from '../legend.ts'
import { loadWords } from '../sentences.ts'
import { type TableCell, table } from '../table.ts'
import { clockOf, headlines, type View } from '../view.ts'
import { whisker, whiskerScale } from '../whisker.ts'

/** Arms × metrics for each load, with ratios to the baseline. */
export function costs(view: View): Html {
  return html`<section aria-labelledby="costs"><h2 id="costs">Costs</h2>
<p>Each figure is the geometric mean over an arm’s valid trials. Below it stand the ratio to <b>${view.baseline.name}</b> and its 95 % interval, paired within blocks. In the drawing the thin upright line is ${view.baseline.name}, the bar is the interval, the band is what ${view.baseline.name} shows against itself; each column has its own logarithmic scale. Greyed: within noise, or undecided.</p>
${view.loads.map((load) => html`<h3>${load.name}</h3><p class="under">${loadWords(load)}, driven by ${load.tool}. ${clockWords(load)}</p>${costTable(view, load)}${everyMetric(view, load)}`)}</section>`
}

function costTable(view: View, load: Load): Html {
  const metrics = headlines(view)
  return table({
    id: `costs-${view.loads.indexOf(load)}`,
    kind: 'costs',
    caption: `Costs under ${load.name}`,
    head: [{ content: 'Arm' }, ...metrics.map((metric) => ({ content: heading(metric, load), numeric: true }))],
    rows: view.arms.map((style) => [
      armCell(view, style, load),
      ...metrics.map((metric) => costCell(view, style, load, metric)),
    ]),
  })
}

function clockWords(load: Load): string {
  return clockOf(load) === 'response'
    ? 'Latencies are response times, counted from the intended send.'
    : 'Latencies are service times: a closed loop has no intended send.'
}

function heading(metric: MetricInfo, load: Load): Html {
  const [name, unit] =
    metric.unit === 'cpu-seconds-per-million'
      ? ['CPU', 'seconds per million requests']
      : metric.unit === 'bytes'
        ? ['Memory', 'at the end of the window']
        : metric.unit === 'per-second'
          ? ['Throughput', 'requests per second']
          : [metric.quantile === undefined ? metric.title : quantileName(metric.quantile), `${clockOf(load)} time`]
  return html`${name}<small>${unit}</small>`
}

function armCell(view: View, style: ArmStyle, load: Load): Html {
  const trials = view.analysis.trials.filter(
    ({ result: { trial } }) => trial.arm === style.name && trial.load === load.name,
  )
  const valid = trials.filter(({ status }) => status === 'valid').length
  return html`<span class="arm">${swatch(style)}${style.name}</span><small>${style.title}${style.role === 'twin' && ', again'}</small><small>${valid} of ${trials.length} trials valid</small>`
}

const STANDING_WORDS: Readonly<Record<Cell['standing'], string>> = {
  baseline: 'baseline',
  higher: 'higher',
  lower: 'lower',
  'within-noise': 'within noise',
  undecided: 'undecided',
  'no-data': 'no data',
}

function costCell(view: View, style: ArmStyle, load: Load, metric: MetricInfo): TableCell {
  const cell = view.cell(style.name, load.name, metric.name)
  if (!cell?.estimate) {
    return { numeric: true, tone: 'faint', content: html`–<small>${cell?.notes[0] ?? 'no valid trial'}</small>` }
  }
  const level = html`<span class="level">${formatLevel(metric.unit, cell.estimate.center)}</span>`
  const word = html`<small>${STANDING_WORDS[cell.standing]}</small>`
  if (cell.standing === 'baseline') return { numeric: true, content: html`${level}${word}` }
  const tone = toneOf(cell, metric)
  const comparison = against(view, load, metric, cell, tone)
  return { numeric: true, tone, content: html`${level}${comparison}${tone === 'faint' && word}` }
}

/** Only what left the noise has a colour. */
function toneOf({ standing }: Cell, { better }: MetricInfo): 'better' | 'worse' | 'faint' {
  if (standing !== 'higher' && standing !== 'lower') return 'faint'
  return standing === better ? 'better' : 'worse'
}

function against(view: View, load: Load, metric: MetricInfo, cell: Cell, tone: ReturnType<typeof toneOf>): Fragment {
  if (!cell.ratio) {
    if (!cell.difference) return html`<small>${cell.notes[0] ?? 'no block has both'}</small>`
    const interval = formatInterval(cell.difference, (value) => formatDifference(metric.unit, value))
    return html`<span class="change">${formatDifference(metric.unit, cell.difference.center)}</span>${interval && html`<small>${interval}</small>`}`
  }
  const ratios = view.arms.flatMap((arm) => view.cell(arm.name, load.name, metric.name)?.ratio ?? [])
  const interval = formatRatioInterval(cell.ratio)
  const color = tone === 'faint' ? 'var(--muted)' : `var(--${tone})`
  return html`<span class="change">${formatRatio(cell.ratio.center)}</span>${whisker(cell.ratio, whiskerScale(ratios), view.noise(load.name, metric.name), color)}<small>${interval ?? 'one block: no interval'}</small>`
}

/** The whole set of numbers, both clocks, for who wants to check. */
function everyMetric(view: View, load: Load): Html {
  const rows = view.analysis.metrics.flatMap((metric) =>
    view.arms.flatMap((style) => {
      const cell = view.cell(style.name, load.name, metric.name)
      return cell ? [metricRow(style, metric, cell)] : []
    }),
  )
  if (rows.length === 0) return html``
  return html`<details><summary>Every metric of ${load.name}, on both clocks</summary>${table({
    id: `metrics-${view.loads.indexOf(load)}`,
    caption: `Every metric of ${load.name}`,
    head: [
      { content: 'Metric' },
      { content: 'Arm' },
      { content: 'Mean', numeric: true },
      { content: '95 % interval', numeric: true },
      { content: 'Ratio', numeric: true },
      { content: '95 % interval', numeric: true },
      { content: 'Difference', numeric: true },
      { content: 'n', numeric: true },
      { content: 'Standing' },
      { content: 'Notes' },
    ],
    rows,
  })}</details>`
}

function metricRow(
  style: ArmStyle,
  metric: MetricInfo,
  { estimate, ratio, difference, standing, notes }: Cell,
): Fragment[] | TableCell[] {
  const level = (value: number) => formatLevel(metric.unit, value)
  const number = (content: string | undefined) => ({ numeric: true, content: content ?? '–' })
  return [
    { content: metric.title },
    { content: style.name },
    number(estimate && level(estimate.center)),
    number(estimate && formatInterval(estimate, level)),
    number(ratio && formatRatio(ratio.center)),
    number(ratio && formatRatioInterval(ratio)),
    number(difference && formatDifference(metric.unit, difference.center)),
    number(String(estimate?.n ?? 0)),
    { content: STANDING_WORDS[standing] },
    { content: notes.join(' ') },
  ]
}
