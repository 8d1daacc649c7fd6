import { describe, expect, it } from 'vitest'
import { type Random, random } from '../../src/stats/random.ts'
import { changePoints } from '../../src/stats/series.ts'
import { stepsAndDrift } from '../../src/stats/steps-and-drift.ts'

/** Stationary noise of variance 1: x(t) = ρ x(t − 1) + √(1 − ρ²) e(t). */
function autoregressive(draw: Random, count: number, correlation: number): number[] {
  let value = draw.normal()
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) value = correlation * value + Math.sqrt(1 - correlation ** 2) * draw.normal()
    return value
  })
}

/** Shares of so many series with any finding: by E-divisive for independent values, and by what is tested here. */
function found(series: number, make: (draw: Random) => number[]) {
  const counts = { independent: 0, steps: 0, drift: 0, any: 0 }
  for (let number = 0; number < series; number++) {
    const values = make(random(11, 'series', number))
    if (changePoints(values, { random: random(1) }).length > 0) counts.independent++
    const { steps, drift } = stepsAndDrift(values, random(1))
    if (steps.length > 0) counts.steps++
    if (drift) counts.drift++
    if (steps.length > 0 || drift) counts.any++
  }
  return {
    independent: counts.independent / series,
    steps: counts.steps / series,
    drift: counts.drift / series,
    any: counts.any / series,
  }
}

describe('stepsAndDrift', () => {
  it('finds hardly anything in noise that wanders, where E-divisive alone does in a third of all series', () => {
    const { independent, any } = found(100, (draw) => autoregressive(draw, 24, 0.6))
    expect(independent).toBeGreaterThan(0.3)
    expect(any).toBeLessThan(0.1)
    expect(any).toBeLessThan(independent / 4)
  }, 60_000)

  it('finds hardly anything in independent noise', () => {
    expect(found(200, (draw) => autoregressive(draw, 24, 0)).any).toBeLessThan(0.03)
  }, 60_000)

  it('calls a drift a drift, and finds its size', () => {
    const draw = random(3, 'drift')
    for (const slope of [0.003, -0.003]) {
      const values = autoregressive(draw, 30, 0).map((noise, x) => slope * x + 0.01 * noise)
      expect(changePoints(values, { random: random(1) }).length).toBeGreaterThan(0)
      const { steps, drift } = stepsAndDrift(values, random(1))
      expect(steps).toEqual([])
      expect(Math.abs((drift?.slope ?? 0) / slope - 1)).toBeLessThan(0.25)
      expect(drift?.p).toBeLessThanOrEqual(0.01)
    }
    expect(found(40, (draw) => autoregressive(draw, 30, 0).map((noise, x) => 0.3 * x + noise))).toMatchObject({
      independent: 1,
      steps: 0,
      drift: 1,
    })
  }, 60_000)

  it('calls a step a step, and dates it', () => {
    const draw = random(4, 'step')
    for (const at of [6, 12, 20]) {
      const values = autoregressive(draw, 26, 0.2).map((noise, x) => (x < at ? 0 : 10) + noise)
      const { steps, drift } = stepsAndDrift(values, random(1))
      expect(steps.map(({ index }) => index)).toEqual([at])
      expect(steps[0]?.p).toBeLessThanOrEqual(0.01)
      expect(drift).toBeUndefined()
    }
    expect(
      found(40, (one) => autoregressive(one, 30, 0).map((noise, x) => (x < 15 ? 0 : 5) + noise)).steps,
    ).toBeGreaterThan(0.9)
  }, 60_000)

  it('says how correlated the noise is', () => {
    const draw = random(5, 'correlation')
    const mean = (correlation: number) =>
      Array.from(
        { length: 16 },
        () => stepsAndDrift(autoregressive(draw, 60, correlation), random(1)).autocorrelation,
      ).reduce((sum, one) => sum + one / 16, 0)
    expect(mean(0)).toBeLessThan(0.15)
    expect(Math.abs(mean(0.6) - 0.6)).toBeLessThan(0.1)
  }, 60_000)

  it('finds nothing in values that are all the same, and the same for the same seed', () => {
    expect(stepsAndDrift(new Array<number>(12).fill(2), random(1))).toEqual({ steps: [], autocorrelation: 0 })
    const values = autoregressive(random(6), 30, 0.5).map((noise, x) => (x < 10 ? 0 : 9) + noise)
    expect(stepsAndDrift(values, random(1))).toEqual(stepsAndDrift(values, random(1)))
  })
})
