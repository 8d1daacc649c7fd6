/** P(X > Y) + ½ P(X = Y) (Vargha and Delaney's A12, 2000): the chance that a value of x is larger than one of y. */
export function dominance(x: readonly number[], y: readonly number[]): number {
  let wins = 0
  for (const one of x) for (const other of y) wins += one > other ? 1 : one === other ? 0.5 : 0
  return wins / (x.length * y.length)
}

/** P(X > Y) − P(X < Y), from −1 to 1 (N. Cliff, 1993). */
export function cliffsDelta(x: readonly number[], y: readonly number[]): number {
  return 2 * dominance(x, y) - 1
}
