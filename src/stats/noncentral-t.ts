import { incompleteBeta, incompleteBetaStep } from './incomplete-beta.ts'
import { normalCdf } from './normal.ts'
import { poissonDensity } from './saddle-point.ts'

/**
 * P(T ≤ t) for the noncentral t: the series of R. V. Lenth, AS 243 (1989), of incomplete beta functions under Poisson
 * weights. Only weights within ten standard deviations of their mean are summed, so that a large shift does not
 * underflow (Benton and Krishnamoorthy, 2003), and from the top down, where the recurrence of the beta functions only
 * adds. The weights of both of Lenth's sums are one Poisson density, taken at whole and at half counts.
 */
export function noncentralTCdf(t: number, freedom: number, shift: number): number {
  if (t < 0) return 1 - noncentralTCdf(-t, freedom, -shift)
  const sum = weighted((t * t) / (freedom + t * t), freedom / (freedom + t * t), freedom / 2, shift)
  return Math.min(1, Math.max(0, normalCdf(-shift) + sum / 2))
}

/** Σ Poisson(j/2; shift²/2) · I_x((j + 1)/2, b) over j; the odd terms have the sign of the shift. */
function weighted(x: number, y: number, b: number, shift: number): number {
  const center = shift * shift
  const reach = 15 * Math.abs(shift) + 60
  const top = Math.ceil(center + reach)
  let [next, second] = [top + 1, top + 2].map((index) => incompleteBeta(x, (index + 1) / 2, b, y)) as [number, number]
  let sum = 0
  for (let index = top; index >= Math.max(0, center - reach); index--) {
    const beta = second + incompleteBetaStep(x, (index + 1) / 2, b, y)
    const weight = poissonDensity(index / 2, center / 2)
    sum += shift < 0 && index % 2 === 1 ? -weight * beta : weight * beta
    second = next
    next = beta
  }
  return sum
}
