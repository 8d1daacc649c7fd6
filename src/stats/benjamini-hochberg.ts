/**
 * Adjusted p-values (q-values) that keep the share of false claims among the claims (Benjamini and Hochberg, 1995), in
 * the order given; for independent or positively dependent p-values.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = [...pValues.entries()].toSorted(([, a], [, b]) => b - a)
  const adjusted = [...pValues]
  let smallest = 1
  for (const [place, [index, p]] of order.entries()) {
    smallest = Math.min(smallest, (pValues.length * p) / (pValues.length - place))
    adjusted[index] = smallest
  }
  return adjusted
}

/** The same for p-values of any dependence (Benjamini and Yekutieli, 2001): larger by 1 + 1/2 + … + 1/m. */
export function benjaminiYekutieli(pValues: readonly number[]): number[] {
  const factor = pValues.reduce((sum, _, index) => sum + 1 / (index + 1), 0)
  return benjaminiHochberg(pValues.map((p) => p * factor))
}
