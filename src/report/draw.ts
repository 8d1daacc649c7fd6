import type { TopLevelSpec } from 'vega-lite'

/**
 * Draws a chart to SVG without a browser. Who draws several does so one after the other: together they take as long, and the scenes of
 * all of them are held in memory. Vega is loaded on the first call: only who draws pays for it.
 */
export async function draw(spec: TopLevelSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  try {
    return tidySvg(await view.toSVG())
  } finally {
    view.finalize()
  }
}

/**
 * What Vega draws without what a reader does not see: empty frames, hidden labels, roles that the figure states itself,
 * values that are the default, groups that group nothing, digits below a tenth of a pixel.
 */
function tidySvg(svg: string): string {
  const plain = svg
    .replace(/<path class="(?:background|foreground)"[^>]*\/>/g, '')
    .replace(/<text[^>]* opacity="0"[^>]*>[^<]*<\/text>/g, '')
    .replace(/<[a-z][^>]*>/g, tidyTag)
  return withoutIdleGroups(plain)
}

const IDLE = / (?:class|role|pointer-events|aria-[a-z]+|xmlns:xlink|version)="[^"]*"/g
const DEFAULT =
  / (?:opacity="1"|transform="translate\(0,0\)"|font-family="inherit"|font-size="12px"|font-weight="normal"|stroke-width="1"|[xy][12]?="0"|text-anchor="start"|stroke-miterlimit="4")/g

function tidyTag(tag: string): string {
  return tag
    .replace(IDLE, '')
    .replace(/ d="([^"]+)"/, (_, d: string) => ` d="${compactPath(d)}"`)
    .replace(/-?\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1))))
    .replace(DEFAULT, '')
    .replace(/^<text(.*?) transform="translate\((-?[\d.]+),(-?[\d.]+)\)"/, '<text$1 x="$2" y="$3"')
    .replace(/ [xy]="0"/g, '')
}

/** A group without attributes changes nothing; neither does its end. */
function withoutIdleGroups(svg: string): string {
  const kept: boolean[] = []
  const unwrapped = svg.replace(/<g(?: [^>]*)?>|<\/g>/g, (tag) => {
    if (tag === '</g>') return kept.pop() === false ? '' : tag
    kept.push(tag !== '<g>')
    return tag === '<g>' ? '' : tag
  })
  return unwrapped.replace(/(?:<g [^>/]*><\/g>)/g, '')
}

/** Half a pixel: finer than the thinnest line. */
const GRID = 2

/**
 * The `d` of a path of straight lines, as short as it can be written: relative, on a grid of half a pixel, steps that go
 * nowhere left out. Rounding does not add up, since every step starts from where the last one really ended. Anything with a
 * curve in it stays as it is.
 */
function compactPath(d: string): string {
  if (/[^MLZ\d.,\s\-e+]/i.test(d) || /[a-df-ln-y]/.test(d)) return d
  let text = ''
  let at = { x: 0, y: 0 }
  let command = ''
  for (const [, letter = '', numbers = ''] of d.matchAll(/([MLZ])([^MLZ]*)/g)) {
    if (letter === 'Z') {
      text += 'z'
      command = ''
      continue
    }
    const [x = 0, y = 0] = numbers.split(/[\s,]+/).map((number) => Math.round(Number(number) * GRID) / GRID)
    if (letter === 'L' && x === at.x && y === at.y) continue
    text +=
      letter === 'M' ? `M${pair(x, y)}` : `${command === 'L' ? '' : 'l'}${pair(x - at.x, y - at.y, command === 'L')}`
    command = letter
    at = { x, y }
  }
  return text
}

/** A minus sign separates numbers by itself. */
function pair(x: number, y: number, follows = false): string {
  return `${follows && x >= 0 ? ' ' : ''}${x}${y >= 0 ? ' ' : ''}${y}`
}
