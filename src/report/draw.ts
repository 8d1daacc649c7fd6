import type { TopLevelSpec } from 'vega-lite'

/** Draws a chart to SVG without a browser. Vega is loaded on the first call: only who draws pays for it. */
export async function draw(spec: TopLevelSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  try {
    return tidy(await view.toSVG())
  } finally {
    view.finalize()
  }
}

/** What a reader does not see: empty frames, hidden labels, roles that the figure states itself, digits below a tenth of a pixel. */
function tidy(svg: string): string {
  return svg
    .replace(/<path class="(?:background|foreground)"[^>]*\/>/g, '')
    .replace(/<text[^>]* opacity="0"[^>]*>[^<]*<\/text>/g, '')
    .replace(/<[a-z][^>]*>/g, (tag) =>
      tag
        .replace(/ (?:class|role|pointer-events|aria-[a-z]+|xmlns:xlink|version)="[^"]*"/g, '')
        .replace(/ (?:opacity="1"|transform="translate\(0,0\)"|font-family="inherit")/g, '')
        .replace(/-?\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1)))),
    )
    .replace(/<g><\/g>/g, '')
}
