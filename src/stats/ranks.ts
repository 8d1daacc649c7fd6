/** Ranks of values among each other, times two, so that the mean rank of tied values is whole; and the sizes of ties. */
export function doubledRanks(values: readonly number[]): { ranks: number[]; ties: number[] } {
  const order = [...values.entries()].toSorted(([, a], [, b]) => a - b)
  const ranks = new Array<number>(values.length)
  const ties: number[] = []
  for (let first = 0; first < order.length; ) {
    let after = first + 1
    while (after < order.length && order[after]?.[1] === order[first]?.[1]) after++
    for (const [index] of order.slice(first, after)) ranks[index] = first + after + 1
    ties.push(after - first)
    first = after
  }
  return { ranks, ties }
}

/** Σ (t³ − t) over the sizes of ties: what ties take from the variance of a rank sum. */
export function tieCorrection(ties: readonly number[]): number {
  return ties.reduce((sum, size) => sum + size ** 3 - size, 0)
}
