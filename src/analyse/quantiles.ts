/** Quantiles that are reported for every trial. */
export const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const

/** Their names in results and metrics. */
export const QUANTILE_KEYS = { 0.5: 'p50', 0.9: 'p90', 0.99: 'p99', 0.999: 'p999' } as const

/** The p99 of a typical second: see `typicalP99`. Pages and the gate lead with it; for a load without it, p99 is used. */
export const TAIL = 'typical-p99'

/** Below this many samples beyond it, a quantile is not reported. */
export const SAMPLES_TO_REPORT = 10

/** Below this many samples beyond it, a quantile is imprecise: its sampling error exceeds about 10 %. */
export const SAMPLES_TO_TRUST = 100

/** Samples that lie beyond a quantile. The small addend undoes the rounding of 1 − q. */
export function samplesBeyond(quantile: number, samples: number): number {
  return Math.floor(samples * (1 - quantile) + 1e-6)
}
