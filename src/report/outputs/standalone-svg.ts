import { withoutCommands } from '../../model/foreign-text.ts'
import type { Chart } from '../chart.ts'
import { type Frame, liveFrame } from '../charts/frame.ts'
import type { PageRun } from '../data/page-data.ts'
import { draw } from '../draw.ts'
import { html, textOf, trusted } from '../html.ts'
import { DARK, LIGHT, type Palette } from '../page-style.ts'
import { dayOf, shortCaveat } from './run-words.ts'

export type Theme = 'light' | 'dark'

/** What a picture says of where it comes from, since it travels without its page. */
export interface PictureAbout {
  readonly run: PageRun
  readonly caveat?: string
}

const PALETTES: Readonly<Record<Theme, Palette>> = { light: LIGHT, dark: DARK }
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans Condensed', sans-serif"

/** As wide as a chart is drawn anywhere: a picture has the room of a slide. */
const FRAME: Frame = { ...liveFrame(640), live: false }
const MARGIN = 20
const GAP = 8

/** Mean width of a letter of a wide face, so that no line runs out of the picture whatever face there is. */
const LETTER = 0.54

interface Line {
  readonly words: string
  readonly size: number
  readonly fill: string
  readonly weight?: number
  /** Of its base line, from the top of its block. */
  readonly y: number
}

/** A chart that stands alone: colours of one theme, its title, what it shows, the run. Undefined where there is nothing to draw. */
export async function standaloneSvg(chart: Chart, about: PictureAbout, theme: Theme): Promise<string | undefined> {
  const { drawing } = chart
  if ('reason' in drawing) return undefined
  const palette = PALETTES[theme]
  const plot = await draw(drawing(FRAME))
  const head = stack([
    { words: chart.title, size: 17, fill: palette.ink, weight: 700 },
    { words: chart.sentence, size: 13, fill: palette.muted },
  ])
  const source = stack([{ words: sourceWords(about), size: 11, fill: palette.muted }])
  const top = MARGIN + head.height + GAP
  const bottom = top + heightOf(plot) + GAP
  const [width, height] = [FRAME.width + 2 * MARGIN, bottom + source.height + MARGIN]
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONT}">
<title>${chart.title}</title><desc>${chart.sentence}</desc>
<rect width="${width}" height="${height}" fill="${palette.paper}"/>
${linesAt(head.lines, MARGIN)}
<g transform="translate(${MARGIN},${top})" font-size="12">${trusted(inner(plot, palette))}</g>
${linesAt(source.lines, bottom)}
</svg>
`
  return wellFormed(textOf(picture))
}

/** "meshbench · 2026-…-quick · 2026-03-01 · local: …". */
function sourceWords({ run, caveat }: PictureAbout): string {
  const short = caveat === undefined ? '' : `: ${shortCaveat(caveat)}`
  return `meshbench · ${run.id} · ${dayOf(run.startedAt)} · ${run.platform}${short}`
}

/** Texts below each other, each in as many lines as it needs. */
function stack(texts: readonly Omit<Line, 'y'>[]): { readonly lines: readonly Line[]; readonly height: number } {
  const lines: Line[] = []
  let height = 0
  for (const text of texts) {
    for (const words of wrapped(text.words, Math.floor(FRAME.width / (LETTER * text.size)))) {
      height += Math.round(text.size * 1.35)
      lines.push({ ...text, words, y: height - Math.round(text.size * 0.3) })
    }
    height += 3
  }
  return { lines, height }
}

/** In lines of at most so many letters; a word that is longer than a line is cut into pieces. */
export function wrapped(text: string, most: number): string[] {
  const words = text.split(/[ \t\r\n]+/).flatMap((word) => word.match(new RegExp(`.{1,${most}}`, 'gsu')) ?? [])
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** A drawing may be lower than its frame. */
function heightOf(svg: string): number {
  return Math.ceil(Number(/^<svg[^>]* height="([\d.]+)"/.exec(svg)?.[1] ?? FRAME.height))
}

function linesAt(lines: readonly Line[], top: number) {
  return lines.map(
    ({ words, size, fill, weight, y }) =>
      html`<text x="${MARGIN}" y="${top + y}" font-size="${size}" fill="${fill}"${weight !== undefined && html` font-weight="${weight}"`}>${words}</text>`,
  )
}

/** What a drawing holds, with the variables of the page's theme replaced; only within tags, so that no name of an arm is touched. */
function inner(svg: string, palette: Palette): string {
  const colors = new Map<string, string>(Object.entries(palette))
  return svg
    .replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/<[a-z][^>]*>/g, (tag) =>
      tag.replace(/var\(--([\w-]+)\)/g, (variable, name: string) => {
        const color = colors.get(name)
        if (color === undefined) throw new TypeError(`the theme has no ${variable}`)
        return color
      }),
    )
}

/** XML has no place for control characters, lone surrogates and non-characters, escaped or not. */
function wellFormed(xml: string): string {
  return withoutCommands(xml.toWellFormed(), '\u{FFFD}')
}
