import type { Axis } from './axes.ts'

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
  if (ratio === 1) return '0'
  const percent = Math.round((ratio - 1) * 1000) / 10
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`
}
