/** Ticks and pixel positions for axes whose domain we choose ourselves. */
export interface Axis {
  readonly kind: 'linear' | 'log'
  readonly domain: readonly [number, number]
  readonly ticks: readonly number[]
}

const STEPS = [1, 2, 2.5, 5, 10] as const

/** From zero to a round number that holds all values. `base` is what a round number is counted in. */
export function linearAxis(values: readonly number[], base = 1, wanted = 4): Axis {
  const most = Math.max(...values, 0) / base || 1
  const rough = most / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = (STEPS.find((candidate) => candidate * power >= rough) ?? 10) * power
  const count = Math.ceil(most / step - 1e-9)
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step * base)
  return { kind: 'linear', domain: [0, count * step * base], ticks }
}

/** From 1, 2 or 5 times a power of ten below all values to one above them; within a few decades 2 and 5 are ticks too. */
export function logAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0)
  const least = Math.min(...positive)
  const most = Math.max(...positive)
  const decades = Math.log10(most / least)
  const all: number[] = []
  for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(most)); power++) {
    for (const step of [1, 2, 5]) all.push(Number(`${step}e${power}`))
  }
  const from = all.findLast((tick) => tick <= least * 1.0001) ?? least
  const to = all.find((tick) => tick >= most * 0.9999 && tick > from) ?? most
  const inside = all.filter((tick) => tick >= from && tick <= to)
  const ticks = decades > 2.2 ? inside.filter((tick) => Number.isInteger(Number(Math.log10(tick).toFixed(9)))) : inside
  return { kind: 'log', domain: [from, to], ticks }
}

/** Zero-based where that leaves the values legible, logarithmic where they span more than a factor of twenty. */
export function fittingAxis(values: readonly number[], base = 1): Axis {
  const positive = values.filter((value) => value > 0)
  return positive.length > 0 && Math.max(...positive) > 20 * Math.min(...positive)
    ? logAxis(positive)
    : linearAxis(values, base)
}

/** As the reader wants it. */
export function scaledAxis(scale: 'log' | 'linear', values: readonly number[]): Axis {
  return scale === 'log' && values.some((value) => value > 0) ? logAxis(values) : linearAxis(values)
}

/** Share of the axis's length, 0 at the low end. */
export function place(axis: Axis, value: number): number {
  const [from, to] = axis.domain
  return axis.kind === 'log' ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from)
}

export function valueAt(axis: Axis, share: number): number {
  const [from, to] = axis.domain
  return axis.kind === 'log' ? from * (to / from) ** share : from + share * (to - from)
}

/** Ratios that make good ticks, the best first: a chart takes as many as have room. */
const GOOD = [
  1, 2, 0.5, 5, 0.2, 10, 0.1, 100, 0.01, 50, 20, 0.05, 0.02, 1000, 0.001, 3, 1.5, 1.2, 0.8, 0.7, 1.1, 0.9, 1.05, 0.95,
  1.02, 0.98, 1.01, 0.99,
] as const
/** A smaller span would draw noise of a thousandth as large as a doubling. */
const LEAST_REACH = 1.03

/** A logarithmic axis of ratios that holds all of them and no difference; ticks have `room`, a share of the axis, for their labels. */
export function ratioAxis(ratios: readonly number[], room: (tick: number) => number): Axis {
  const positive = ratios.filter((ratio) => ratio > 0 && Number.isFinite(ratio))
  const least = Math.min(1 / LEAST_REACH, ...positive)
  const most = Math.max(LEAST_REACH, ...positive)
  const margin = (most / least) ** 0.06
  const domain = [least / margin, most * margin] as const
  const span = Math.log(domain[1] / domain[0])
  const ticks: number[] = []
  for (const tick of GOOD) {
    if (tick < domain[0] || tick > domain[1]) continue
    const isFree = (other: number) => Math.abs(Math.log(tick / other)) / span >= (room(tick) + room(other)) / 2
    if (ticks.every(isFree)) ticks.push(tick)
  }
  return { kind: 'log', domain, ticks: ticks.sort((a, b) => a - b) }
}

/** A tick as `RATIO_TICK` writes it: in percent up to twofold, as a factor beyond. */
export function ratioTick(ratio: number): string {
  if (ratio >= 2) return `×${ratio}`
  if (ratio === 1) return 'same'
  const percent = Math.round((ratio - 1) * 1000) / 10
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`
}
