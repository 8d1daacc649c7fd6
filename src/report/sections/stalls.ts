import { count } from '../../analyse/wording.ts'
import { MICROS } from '../../model/units.ts'
import { stallLine } from '../charts/stall-line.ts'
import { figure } from '../figure.ts'
import { formatLevel } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { findStalls, type Stall } from '../stalls.ts'
import type { View } from '../view.ts'

const SHOWN = 2

/** Trials in which the system stood still for a moment: what averages and calm percentiles hide. */
export async function stalls(view: View): Promise<Html> {
  const found = findStalls(view.analysis.trials)
  const measured = view.analysis.trials.filter(({ result }) => result.outcome.status === 'measured').length
  const figures = await Promise.all(found.slice(0, SHOWN).map(stallFigure))
  const words =
    measured === 0
      ? 'No trial was measured, so there is no time line to look at.'
      : found.length === 0
        ? `In none of the ${count(measured, 'measured trial')} does any second stand out: no second’s p99 reaches ten times that of the trial’s median second and 20 ms.`
        : `${count(found.length, 'trial')} of ${measured} had at least one second whose p99 was ten times that of its median second, and 20 ms or more.${found.length > SHOWN ? ` The ${SHOWN} worst are drawn.` : ''}`
  return html`<section aria-labelledby="stalls"><h2 id="stalls">Stalls</h2><p>${words}</p><div class="pair">${figures}</div></section>`
}

function stallFigure(stall: Stall, index: number): Promise<Html> {
  const { trial, seconds, worst, usual, status, timeline } = stall
  return figure({
    id: `stall-${index}`,
    level: 3,
    title: `${trial.arm}, ${trial.load}, block ${trial.block}`,
    sentence: `${count(seconds.length, 'second')} of ${timeline.p99.length} stand out: the slowest request took ${formatLevel('seconds', worst)}, while the p99 of the median second was ${formatLevel('seconds', usual)}. The trial is ${status}.`,
    chart: (frame) => stallLine(stall, frame),
    table: {
      head: ['Second', 'Requests', 'Errors', 'p50', 'p99', 'Slowest'].map((content) => ({ content, numeric: true })),
      rows: timeline.p99.map((p99, second) =>
        [
          String(second),
          String(timeline.requests[second] ?? 0),
          String(timeline.errors[second] ?? 0),
          formatLevel('seconds', (timeline.p50[second] ?? 0) / MICROS),
          formatLevel('seconds', p99 / MICROS),
          formatLevel('seconds', (timeline.max[second] ?? 0) / MICROS),
        ].map((content) => ({ content, numeric: true })),
      ),
    },
  })
}
