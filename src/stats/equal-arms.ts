/**
 * What equal arms differ by in the blocks of one cohort, as rows that say nothing twice: k arms have k − 1 independent
 * differences, not one for each pair. Row j is arm j + 1 against the mean of those before it (Helmert), scaled to vary as
 * much as the difference of two arms; the first is that of the first two.
 */
export function independentDifferences(arms: readonly (readonly number[])[]): number[][] {
  return arms.slice(1).map((own, index) => {
    const before = index + 1
    const scale = Math.SQRT2 / Math.sqrt(1 + 1 / before)
    return own.map((value, block) => {
      const others = arms.slice(0, before).reduce((sum, values) => sum + (values[block] ?? Number.NaN), 0)
      return scale * (value - others / before)
    })
  })
}
