import jstat from 'jstat'

const { jStat } = jstat

/** P(T ≤ t) for Student's t with `freedom` degrees of freedom. */
export function studentCdf(t: number, freedom: number): number {
  return jStat.studentt.cdf(t, freedom)
}

/**
 * The t that P(T ≤ t) = p. jStat's inverse agrees with scipy to about 1e-8 only, its distribution function to 1e-13:
 * Newton steps on the latter bring the former there.
 */
export function studentQuantile(p: number, freedom: number): number {
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, freedom)
  let t = jStat.studentt.inv(p, freedom)
  for (let step = 0; step < 4; step++) t -= (studentCdf(t, freedom) - p) / jStat.studentt.pdf(t, freedom)
  return t
}
