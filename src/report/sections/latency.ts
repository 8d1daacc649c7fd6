import { quantileName } from '../../analyse/wording.ts'
import type { Clock } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { latencyAt, MARKED, seriesOf, spectrum } from '../charts/spectrum.ts'
import { figure } from '../figure.ts'
import { formatLevel } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { armLegend } from '../legend.ts'
import type { View } from '../view.ts'

const CLOCKS: readonly Clock[] = ['response', 'service']

/** Percentile spectra by both clocks. */
export async function latency(view: View): Promise<Html> {
  const parts = await Promise.all(
    view.loads.map(async (load, index) => {
      const figures = await Promise.all(CLOCKS.map((clock) => spectrumFigure(view, load, clock, index)))
      return html`<h3>${load.name}</h3>${armLegend(view.arms)}<div class="pair">${figures}</div>`
    }),
  )
  return html`<section aria-labelledby="latency"><h2 id="latency">Latency, from the median to the tail</h2>
<p><b>Response time</b> counts from the moment a request was meant to be sent: waiting behind a stall counts, as it does for a user. <b>Service time</b> counts from the moment it was really sent. What the load generator’s own timers overslept is in neither. Where the two part, the system stalled. Every step to the right is ten times rarer. The lines merge the requests of all valid trials: they are for looking; the ratios above come from trials.</p>
${parts}</section>`
}

function spectrumFigure(view: View, load: Load, clock: Clock, index: number): Promise<Html> {
  const series = seriesOf(view, load, clock)
  const title = `${clock === 'response' ? 'Response' : 'Service'} time, ${load.name}`
  return figure({
    id: `spectrum-${index}-${clock}`,
    title,
    sentence: sentenceOf(series, clock),
    chart: series.length > 0 ? (frame) => spectrum(view, load, clock, frame) : { reason: reasonOf(view, load, clock) },
    table: {
      head: [{ content: 'Arm' }, ...MARKED.map((quantile) => ({ content: quantileName(quantile), numeric: true }))],
      rows: series.map((one) => [
        one.style.name,
        ...MARKED.map((quantile) => {
          const found = latencyAt(one.spectrum, quantile)
          return { numeric: true, content: found === undefined ? '–' : formatLevel('seconds', found) }
        }),
      ]),
    },
  })
}

function reasonOf(view: View, load: Load, clock: Clock): string {
  const other = clock === 'response' ? 'service' : 'response'
  if (seriesOf(view, load, other).length === 0) return 'no trial of this load is valid.'
  return clock === 'response'
    ? 'this load sends as soon as it has an answer, so no request has an intended send time.'
    : 'the load tool did not record this clock.'
}

function sentenceOf(series: ReturnType<typeof seriesOf>, clock: Clock): string {
  const at = (quantile: number) =>
    series.flatMap(({ style, spectrum: points }) => {
      const found = latencyAt(points, quantile)
      return found === undefined ? [] : [{ name: style.name, latency: found }]
    })
  const range = (quantile: number) => {
    const sorted = at(quantile).sort((a, b) => a.latency - b.latency)
    const [first, last] = [sorted[0], sorted.at(-1)]
    if (!first || !last) return ''
    return first === last
      ? `${formatLevel('seconds', first.latency)} (${first.name})`
      : `from ${formatLevel('seconds', first.latency)} (${first.name}) to ${formatLevel('seconds', last.latency)} (${last.name})`
  }
  const p99 = range(0.99)
  return `By ${clock} time the median runs ${range(0.5)}${p99 && `, the 99th percentile ${p99}`}.`
}
