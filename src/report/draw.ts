import type { TopLevelSpec } from 'vega-lite'
import { tidySvg } from './tidy-svg.ts'

/** Draws a chart to SVG without a browser. Vega is loaded on the first call: only who draws pays for it. */
export async function draw(spec: TopLevelSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  try {
    return tidySvg(await view.toSVG())
  } finally {
    view.finalize()
  }
}
