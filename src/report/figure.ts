import type { TopLevelSpec } from 'vega-lite'
import { FRAMES, type Frame } from './charts/frame.ts'
import { draw } from './draw.ts'
import { type Html, html, textOf, trusted } from './html.ts'
import { type TableData, table } from './table.ts'

export interface FigureData {
  readonly id: string
  readonly title: string
  /** Level of its heading; 4 when absent. */
  readonly level?: 3 | 4
  /** One sentence, made from the numbers, that says what the chart shows. */
  readonly sentence: string
  /** A reason instead of a chart, where there is nothing to draw. */
  readonly chart: ((frame: Frame) => TopLevelSpec) | { readonly reason: string }
  readonly table?: Omit<TableData, 'id' | 'caption'>
}

/** A chart with its title, what it shows, and the numbers behind it; drawn once for wide columns and once for narrow ones. */
export async function figure(data: FigureData): Promise<Html> {
  const { id, title, sentence, chart } = data
  const heading = data.level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`
  const body =
    'reason' in chart
      ? html`<p class="reason">No chart: ${chart.reason}</p>`
      : await Promise.all(FRAMES.map(async (frame) => picture(data, frame, await draw(chart(frame)))))
  return html`<figure id="${id}"><figcaption>${heading}${'reason' in chart ? '' : html`<p>${sentence}</p>`}</figcaption>
<div class="plot">${body}</div>
${data.table && data.table.rows.length > 0 ? numbers(id, title, data.table) : ''}</figure>`
}

function numbers(id: string, title: string, data: Omit<TableData, 'id' | 'caption'>): Html {
  return html`<details><summary>Numbers behind this chart</summary>${table({ ...data, id: `${id}-numbers`, caption: title })}</details>`
}

/** The drawing as one image with a name and a description; what is inside is no business of a screen reader. */
function picture({ id, title, sentence }: FigureData, { name, width, height }: Frame, svg: string): Html {
  const ids = { title: `${id}-${name}-title`, sentence: `${id}-${name}-sentence` }
  const size = / width="([\d.]+)" height="([\d.]+)"/.exec(svg)
  const box = `0 0 ${size?.[1] ?? width} ${size?.[2] ?? height}`
  const open = html`<svg class="${name}" viewBox="${box}" role="img" aria-labelledby="${ids.title}" aria-describedby="${ids.sentence}"><title id="${ids.title}">${title}</title><desc id="${ids.sentence}">${sentence}</desc>`
  return trusted(svg.replace(/^<svg[^>]*>/, () => textOf(open)))
}
