/** Adjusted p-values that keep the chance of any false claim in the family (S. Holm, 1979), in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.entries()].toSorted(([, a], [, b]) => a - b)
  const adjusted = [...pValues]
  let largest = 0
  for (const [place, [index, p]] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - place) * p))
    adjusted[index] = largest
  }
  return adjusted
}
