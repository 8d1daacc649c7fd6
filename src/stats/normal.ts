/**
 * P(Z ≤ z) for the standard normal. Near the middle by the series ½ + φ(z) · (z + z³/3 + z⁵/15 + …) of G. Marsaglia,
 * "Evaluating the normal distribution" (2004); in the tails by Laplace's continued fraction φ(z) / (z + 1/(z + 2/(z + …))),
 * which keeps the digits of small probabilities.
 */
export function normalCdf(z: number): number {
  if (z < -3) return density(z) / mills(-z)
  if (z > 3) return 1 - density(z) / mills(z)
  return 0.5 + density(z) * series(z)
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
}

function series(z: number): number {
  let term = z
  let sum = z
  for (let odd = 3; ; odd += 2) {
    term *= (z * z) / odd
    const next = sum + term
    if (next === sum) return sum
    sum = next
  }
}

/** From z = 3 on, 100 levels settle every digit. */
function mills(z: number): number {
  let value = z
  for (let level = 100; level >= 1; level--) value = z + level / value
  return value
}
