/** Where a rising function is 0 between `low` and `high`, which may be infinite there, by C. Ridders' method (1979). */
export function root(low: number, high: number, f: (x: number) => number): number {
  let [below, above] = [low, high]
  let [fBelow, fAbove] = [f(low), f(high)]
  if (fBelow >= 0) return low
  let last = Number.NaN
  for (let step = 0; step < ENOUGH && above - below > SETTLED * Math.abs(above); step++) {
    const middle = (below + above) / 2
    const fMiddle = f(middle)
    const x = middle - ((middle - below) * fMiddle) / Math.sqrt(fMiddle ** 2 - fBelow * fAbove)
    if (Math.abs(x - last) <= SETTLED * Math.abs(x)) return x
    last = x
    for (const [at, value] of [[middle, fMiddle] as const, [x, f(x)] as const]) {
      if (value < 0 && at > below) [below, fBelow] = [at, value]
      if (value >= 0 && at < above) [above, fAbove] = [at, value]
    }
  }
  return above
}

const SETTLED = 1e-14

/** Halvings that lead from any number to any other. */
const ENOUGH = 2200

/** The smallest whole number at which a condition holds that fails at `low`, holds at `high`, and stays once it does. */
export function rootWhole(low: number, high: number, holds: (n: number) => boolean): number {
  let [below, above] = [low, high]
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (holds(middle)) above = middle
    else below = middle
  }
  return above
}
