/** As many as the theme has `--heat-n` for. */
const COLORS = 6
/** Classes narrower than this would make differences of what is noise. */
const NARROWEST = 1.06

/** Classes of equal width on a logarithmic scale, but for the outer ones, which hold what is beyond. */
export interface HeatClasses {
  /** One more than there are classes. */
  readonly edges: readonly number[]
  /** From 0. */
  of(value: number): number
}

/** Shares of the values that the outer classes begin at: one trial that stood still must not make all others look alike. */
const USUAL = { from: 0.01, to: 0.98 } as const

/** `usual` decides the inner edges, `all` the outer ones. */
export function heatClasses(usual: readonly number[], all: readonly number[] = usual): HeatClasses {
  const sorted = (usual.length > 0 ? usual : all).toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 1
  const least = at(USUAL.from)
  const step = Math.max((at(USUAL.to) / least) ** (1 / COLORS), NARROWEST)
  const of = (value: number) => Math.min(Math.max(Math.floor(Math.log(value / least) / Math.log(step)), 0), COLORS - 1)
  const inner = Array.from({ length: COLORS - 1 }, (_, index) => least * step ** (index + 1))
  const lowest = all.reduce((a, b) => Math.min(a, b), least)
  const highest = all.reduce((a, b) => Math.max(a, b), least * step ** COLORS)
  return { edges: [lowest, ...inner, highest], of }
}

export function heatColor(index: number): string {
  return `var(--heat-${index})`
}
