/** Means and squares without simple-statistics' checks and compensated sums, which cost more than they give in a loop. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Σ (x − mean)². */
export function sumOfSquares(values: readonly number[]): number {
  const center = mean(values)
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0)
}

/** Σ (x − mean)² / (n − 1). */
export function sampleVariance(values: readonly number[]): number {
  return sumOfSquares(values) / (values.length - 1)
}
