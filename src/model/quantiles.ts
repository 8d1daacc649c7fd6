import { formatNumber } from './units.ts'

/** Where a quantile is shown besides JSON, limits of the gate, rankings and the page, which have all of them. */
type Place = 'terminal' | 'compare' | 'history' | 'plan' | 'other-run'

interface QuantileRow {
  /** Its name in files, in limits of the gate, on the command line and in addresses of pages. */
  readonly key: string
  /** 0.99: 99 % of the answers are faster. */
  readonly q: number
  /** Trials of earlier versions are stored without it; it is read from their histograms then. */
  readonly added?: true
  readonly shown: readonly Place[]
}

/**
 * Quantiles of the latency that are reported of every trial, in ascending order. A new one is one line, with `added`. The
 * following use this table: what is stored of a trial and its bounds, metrics, rules, and the lists of `shown-metrics.ts`.
 */
export const QUANTILES = [
  { key: 'p50', q: 0.5, shown: ['terminal', 'compare', 'history', 'plan', 'other-run'] },
  { key: 'p90', q: 0.9, shown: ['compare'] },
  { key: 'p99', q: 0.99, shown: ['terminal', 'compare', 'history', 'plan', 'other-run'] },
  { key: 'p999', q: 0.999, shown: [] },
] as const satisfies readonly QuantileRow[]

type Row = (typeof QUANTILES)[number]
export type QuantileKey = Row['key']
/** Keys that every stored trial has. */
export type FirstQuantileKey = Exclude<Row, { readonly added: true }>['key']

/** A value for each quantile. */
export function perQuantile<Value>(of: (q: number, row: QuantileRow) => Value): Record<QuantileKey, Value> {
  return Object.fromEntries(QUANTILES.map((row) => [row.key, of(row.q, row)])) as Record<QuantileKey, Value>
}

/** The quantile of a metric, 0.99 for `p99`; undefined for other metrics. */
export function quantileOf(metric: string): number | undefined {
  return QUANTILES.find(({ key }) => key === metric)?.q
}

/** The p99 of a typical second: see `typicalP99`. Pages and the gate lead with it; for a load without it, p99 is used. */
export const TAIL = 'typical-p99'

export type Latency = QuantileKey | typeof TAIL

/** Every latency in order. The p99 of a typical second stands before the p99 of all requests. */
export const LATENCIES: readonly Latency[] = withTail(QUANTILES.map(({ key }) => key))

export function withTail(keys: readonly QuantileKey[]): Latency[] {
  return keys.flatMap((key) => (key === 'p99' ? [TAIL, key] : [key]))
}

export function quantilesShown(place: Place): QuantileKey[] {
  return QUANTILES.flatMap(({ key, shown }: QuantileRow) => (shown.includes(place) ? [key as QuantileKey] : []))
}

/** The name of a quantile as people write it: 0.999 → "p99.9". */
export function quantileName(quantile: number): string {
  return `p${formatNumber(quantile * 100, 6)}`
}

/** "p50", "p99.9"; "typical p99" where there is no room for more. */
export function shortTitle(latency: string): string {
  const q = quantileOf(latency)
  return q === undefined ? 'typical p99' : quantileName(q)
}

/** Below this many samples beyond it, a quantile is not reported. */
export const SAMPLES_TO_REPORT = 10

/** Below this many samples beyond it, a quantile is imprecise: its sampling error exceeds about 10 %. */
export const SAMPLES_TO_TRUST = 100

/** Samples that lie beyond a quantile. The small addend undoes the rounding of 1 − q. */
export function samplesBeyond(quantile: number, samples: number): number {
  return Math.floor(samples * (1 - quantile) + 1e-6)
}
