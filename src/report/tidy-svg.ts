import { compactPath } from './compact-path.ts'

/**
 * What Vega draws without what a reader does not see: empty frames, hidden labels, roles that the figure states itself,
 * values that are the default, groups that group nothing, digits below a tenth of a pixel.
 */
export function tidySvg(svg: string): string {
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
