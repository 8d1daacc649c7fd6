import { mean } from './moments.ts'
import type { Random } from './random.ts'
import { bestSplit, type ChangePoint, changePoints, cut, pooledSlope, type Split } from './series.ts'

/** What a series of runs does. */
interface Shape {
  readonly steps: readonly ChangePoint[]
  /** A slope that all segments have in common; absent where noise explains it. */
  readonly drift?: Drift
  /** Autocorrelation from one value to the next that the tests assumed, from 0 to 0.95. */
  readonly autocorrelation: number
}

interface Drift {
  /** Change from one value to the next, in the unit of the values. */
  readonly slope: number
  readonly p: number
}

/** The chance of a step, and of a drift, where there is none. */
const ALPHA = 0.01
const SIMULATIONS = 499

/**
 * Steps by E-divisive, and a drift by least squares with one intercept per segment. Drift alone looks like steps, and steps
 * alone look like drift, so models without a slope and with one are compared by Schwarz's criterion (BIC, 1978):
 * n ln(residual squares) + ln(n) · parameters, where a step costs two, its place and its height. Steps and drift must both
 * exceed first-order autoregressive noise, which wanders by itself. At least six values.
 */
export function stepsAndDrift(values: readonly number[], random: Random): Shape {
  const without = modelOf(values, 0, random)
  const slopes = [[values], cut(values, without.steps)].map(slopeIn)
  const models = slopes.flatMap((slope) => (slope === 0 ? [] : modelOf(values, slope, random)))
  const best = models.reduce((least, one) => (one.criterion < least.criterion ? one : least), without)
  if (best === without) return shapeOf(without)
  const p = chanceOfSlope(best, random)
  return p > ALPHA ? shapeOf(without) : { ...shapeOf(best), drift: { slope: best.slope, p } }
}

interface Model {
  readonly steps: readonly ChangePoint[]
  readonly slope: number
  readonly segments: readonly (readonly number[])[]
  readonly residuals: readonly number[]
  /** Levels, slopes and places of steps that were fitted. */
  readonly parameters: number
  readonly criterion: number
}

function shapeOf({ steps, residuals, parameters }: Model): Shape {
  return { steps, autocorrelation: autocorrelationOf(residuals, parameters).center }
}

/** `slope`: what steps are searched beside. If it is not 0, the slope is fitted again between the steps. */
function modelOf(values: readonly number[], slope: number, random: Random): Model {
  const n = values.length
  const beside = slope === 0 ? 0 : 1
  const steps = changePoints(
    values.map((value, x) => value - slope * x),
    {
      random,
      alpha: ALPHA,
      permutations: SIMULATIONS,
      confirm: (segments, split) => chanceOfStep(segments, split, beside, random),
    },
  )
  const segments = cut(values, steps)
  const fitted = slope === 0 ? 0 : slopeIn(segments)
  const residuals = segments.flatMap((segment) => centred(segment.map((value, x) => value - fitted * x)))
  const parameters = 1 + 2 * steps.length + beside
  const criterion = n * Math.log(Math.max(sumOfSquares(residuals), Number.MIN_VALUE)) + Math.log(n) * parameters
  return { steps, slope: fitted, segments, residuals, parameters, criterion }
}

/** The slope that segments have in common; 0 where they are too short for one. */
function slopeIn(segments: readonly (readonly number[])[]): number {
  return pooledSlope(segments.map((segment) => segment.map((y, x) => ({ x, y }))))?.center ?? 0
}

/** The chance that the best split of autoregressive noise is as clear a step as this one. */
function chanceOfStep(segments: readonly (readonly number[])[], split: Split, slopes: number, random: Random): number {
  const parameters = 1 + 2 * segments.length + slopes
  const observed = clarity(segments, split, parameters)
  return chance(residualsOf(segments, split), parameters, random, (noise) => {
    const others = cutAlike(noise, segments)
    const best = bestSplit(others)
    return best !== undefined && clarity(others, best, parameters) >= observed
  })
}

/**
 * How clear a step is in autocorrelated noise: the share of squares that it takes by generalised least squares, relative to
 * what it leaves. Values are whitened first, x(t) − ρ x(t − 1) (Prais and Winsten, 1954), so an abrupt step counts more than
 * a slow change of the same size, which such noise has by itself.
 */
function clarity(segments: readonly (readonly number[])[], split: Split, parameters: number): number {
  const { center: correlation } = autocorrelationOf(residualsOf(segments, split), parameters)
  const parted = partedBy(segments, split).find(({ at }) => at !== undefined)
  if (!parted) return 0
  const { segment, at = 0 } = parted
  const level = whitened(new Array<number>(segment.length).fill(1), correlation)
  const after = segment.map((_, index) => (index < at ? 0 : 1))
  const step = unexplained(whitened(after, correlation), level)
  const values = unexplained(whitened(segment, correlation), level)
  return sumOfSquares(values) / sumOfSquares(unexplained(values, step)) - 1
}

function whitened(values: readonly number[], correlation: number): number[] {
  return values.map((value, index) =>
    index === 0 ? Math.sqrt(1 - correlation ** 2) * value : value - correlation * (values[index - 1] ?? 0),
  )
}

/** What of the values the other ones do not explain, by least squares. */
function unexplained(values: readonly number[], others: readonly number[]): number[] {
  const share = values.reduce((sum, value, index) => sum + value * (others[index] ?? 0), 0) / sumOfSquares(others)
  return values.map((value, index) => value - share * (others[index] ?? 0))
}

function residualsOf(segments: readonly (readonly number[])[], split: Pick<Split, 'index'>): number[] {
  return partedBy(segments, split).flatMap(({ segment, at }) =>
    at === undefined ? centred(segment) : [...centred(segment.slice(0, at)), ...centred(segment.slice(at))],
  )
}

/** Segments, and the place within the one that a split parts. */
function partedBy(segments: readonly (readonly number[])[], { index }: Pick<Split, 'index'>) {
  let start = 0
  return segments.map((segment) => {
    const at = index - start
    start += segment.length
    return { segment, ...(at > 0 && at < segment.length && { at }) }
  })
}

/** The chance that autoregressive noise has a slope as steep as this one, relative to the squares beside it. */
function chanceOfSlope({ slope, segments, residuals, parameters }: Model, random: Random): number {
  const steepness = (parts: readonly (readonly number[])[], center: number) => {
    const rest = parts.flatMap((part) => centred(part.map((value, x) => value - center * x)))
    return Math.abs(center) / Math.sqrt(sumOfSquares(rest))
  }
  const observed = steepness(segments, slope)
  return chance(residuals, parameters, random, (noise) => {
    const parts = cutAlike(noise, segments)
    return steepness(parts, slopeIn(parts)) >= observed
  })
}

/**
 * The share of simulated noise that does as well. The autocorrelation of each simulation is drawn from what the residuals
 * leave possible, since few values do not show it exactly.
 */
function chance(
  residuals: readonly number[],
  parameters: number,
  random: Random,
  doesAsWell: (noise: readonly number[]) => boolean,
): number {
  const { center, deviation } = autocorrelationOf(residuals, parameters)
  let asGood = 0
  for (let time = 0; time < SIMULATIONS; time++) {
    const correlation = Math.min(MOST, Math.max(0, center + deviation * random.normal()))
    if (doesAsWell(autoregressive(residuals.length, correlation, random))) asGood++
  }
  return (asGood + 1) / (SIMULATIONS + 1)
}

/** Above it, noise and drift cannot be told from each other in a hundred values. */
const MOST = 0.95

/**
 * First-order autocorrelation of residuals, and its standard error. Each fitted parameter takes about (1 + 3ρ)/n away
 * (M. G. Kendall, 1954, for the mean; by simulation so for slopes, levels and places), which is added again. The
 * standard error is √((1 − ρ²)/n).
 */
function autocorrelationOf(residuals: readonly number[], parameters: number): { center: number; deviation: number } {
  const n = residuals.length
  const lagged = residuals.slice(1).reduce((sum, value, index) => sum + value * (residuals[index] ?? 0), 0)
  const squares = sumOfSquares(residuals)
  if (squares === 0) return { center: 0, deviation: 0 }
  const left = Math.max(LEAST_LEFT, 1 - (3 * parameters) / n)
  const center = Math.min(MOST, Math.max(0, (lagged / squares + parameters / n) / left))
  return { center, deviation: Math.sqrt((1 - center ** 2) / n) }
}

/** Few values leave so little autocorrelation that nothing can be added in proportion. */
const LEAST_LEFT = 0.4

/** Gaussian noise of variance 1 with the stated correlation of neighbours, stationary from the first value on. */
function autoregressive(count: number, correlation: number, random: Random): number[] {
  const innovation = Math.sqrt(1 - correlation ** 2)
  let value = random.normal()
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) value = correlation * value + innovation * random.normal()
    return value
  })
}

function cutAlike(values: readonly number[], segments: readonly (readonly number[])[]): (readonly number[])[] {
  let start = 0
  return segments.map(({ length }) => {
    start += length
    return values.slice(start - length, start)
  })
}

function centred(values: readonly number[]): number[] {
  const level = mean(values)
  return values.map((value) => value - level)
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0)
}
