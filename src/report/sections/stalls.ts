import { count } from '../../analyse/wording.ts'
import { MICROS } from '../../model/units.ts'
import { stallLine } from '../charts/stall-line.ts'
import { figure } from '../figure.ts'
import { formatLevel } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { type Stall, stallsOf } from '../stalls.ts'
import type { View } from '../view.ts'

const SHOWN = 2

/** Trials in which the system stood still for a moment: what means and calm percentiles hide. */
export async function stalls(view: View): Promise<Html> {
  const found = stallsOf(view.analysis.trials)
  const measured = view.analysis.trials.filter(({ result }) => result.outcome.status === 'measured').length
  const figures = await Promise.all(found.slice(0, SHOWN).map(stallFigure))
  const words =
    measured === 0
      ? 'No trial was measured, so there is no time line to look at.'
      : found.length === 0
        ? `In ${measured === 1 ? 'the one measured trial' : `all ${measured} measured trials`}, no second stood still.`
        : `The analysis found a second that stood still in ${found.length} of ${count(measured, 'measured trial')}.${found.length > SHOWN ? ` The ${SHOWN} worst are drawn.` : ''}`
  return html`<section aria-labelledby="stalls"><h2 id="stalls">Stalls</h2><p>${words}</p><div class="pair">${figures}</div></section>`
}

function stallFigure(stall: Stall, index: number): Promise<Html> {
  const { trial, slowest, cause, status, timeline } = stall
  const micros = (value: number | undefined) => formatLevel('seconds', (value ?? 0) / MICROS)
  return figure({
    id: `stall-${index}`,
    level: 3,
    title: `${trial.arm}, ${trial.load}, block ${trial.block}`,
    sentence: `${cause} The slowest request, in the shaded second, took ${formatLevel('seconds', slowest)}. The trial is ${status}.`,
    chart: (frame) => stallLine(stall, frame),
    table: {
      head: ['Second', 'Requests', 'Errors', 'p50', 'p99', 'Slowest'].map((content) => ({ content, numeric: true })),
      rows: timeline.p99.map((p99, second) =>
        [
          second,
          timeline.requests[second],
          timeline.errors[second],
          micros(timeline.p50[second]),
          micros(p99),
          micros(timeline.max[second]),
        ].map((content) => ({ content, numeric: true })),
      ),
    },
  })
}
