import { mean } from './moments.ts'

/** A step fits better than a slope only where it leaves clearly less: its place is chosen, which fits noise as well. */
const CLEARLY = 0.9
/** For the same reason F of a step against none has to be larger than tables say: about 1 % of noise exceeds this (D. W. K. Andrews, 1993). */
const LEAST_F = 12

/**
 * Where the values begin that are on the last level of a series: each time that one step fits what is left better than a
 * slope does, what is before it is left out. Squares of residuals, by least squares; 0 where a slope fits better.
 */
export function lastLevel(values: readonly number[], minimum = 3): number {
  const step = bestStep(values, minimum)
  if (!step || step.residual >= CLEARLY * slopeResidual(values)) return 0
  if ((squares(values) - step.residual) * (values.length - 2) < LEAST_F * step.residual) return 0
  return step.index + lastLevel(values.slice(step.index), minimum)
}

interface Step {
  /** Of the first value after it. */
  readonly index: number
  readonly residual: number
}

function bestStep(values: readonly number[], minimum: number): Step | undefined {
  const steps = values.flatMap((_, index): Step[] => {
    if (index < minimum || values.length - index < minimum) return []
    return [{ index, residual: squares(values.slice(0, index)) + squares(values.slice(index)) }]
  })
  return steps.toSorted((a, b) => a.residual - b.residual)[0]
}

function slopeResidual(values: readonly number[]): number {
  const [centre, level] = [(values.length - 1) / 2, mean(values)]
  const xx = values.reduce((sum, _, x) => sum + (x - centre) ** 2, 0)
  const xy = values.reduce((sum, y, x) => sum + (x - centre) * (y - level), 0)
  return xx === 0 ? 0 : squares(values) - xy ** 2 / xx
}

function squares(values: readonly number[]): number {
  const level = mean(values)
  return values.reduce((sum, value) => sum + (value - level) ** 2, 0)
}
