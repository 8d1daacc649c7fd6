import { mean } from './moments.ts'

/** Where a series settles. */
export interface Settling {
  /** Values that belong to the warm-up: a multiple of the batch. */
  readonly truncate: number
  /** False where the best cut is the latest one allowed, half of the series: it may not have settled at all. */
  readonly steady: boolean
}

/**
 * MSER-5 (K. P. White, 1997): means of batches of five; the cut d, at most half of them, that makes
 * Σ (mean of batch − mean after d)² / (n − d)² smallest; of equals the earliest. A last batch that is not full is left out.
 */
export function mser(values: readonly number[], batch = 5): Settling {
  const n = Math.floor(values.length / batch)
  const means = Array.from({ length: n }, (_, index) => mean(values.slice(index * batch, (index + 1) * batch)))
  const latest = Math.floor(n / 2)
  let best = { cut: 0, error: Number.POSITIVE_INFINITY }
  let center = 0
  let squares = 0
  // From the end on, by Welford's update: no difference of large sums.
  for (let cut = n - 1; cut >= 0; cut--) {
    const gap = (means[cut] ?? 0) - center
    center += gap / (n - cut)
    squares += gap * ((means[cut] ?? 0) - center)
    const error = squares / (n - cut) ** 2
    if (cut <= latest && error <= best.error) best = { cut, error }
  }
  return { truncate: best.cut * batch, steady: best.cut < latest }
}
