import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { judgeTrial } from '../../src/analyse/judge-trial.ts'
import { metrics } from '../../src/analyse/metrics.ts'
import { typicalP99, withheldOf } from '../../src/analyse/tail.ts'
import { viewTrial } from '../../src/analyse/trial-view.ts'
import { fortio } from '../../src/loads/fortio/fortio.ts'
import { latencyTrouble } from '../../src/loads/stored-latency.ts'
import { QUANTILES } from '../../src/model/quantiles.ts'
import type { QuantileBounds, Reading, Slices } from '../../src/model/result.ts'
import { latencies, readingOf } from '../build/reading.ts'
import { resultWith } from '../build/run.ts'
import { captured } from '../loads/captured.ts'

const slicesOf = (p99: readonly number[], more: Partial<Slices> = {}): Slices => ({
  seconds: 1,
  answers: p99.map(() => 250),
  p99: [...p99],
  serviceP99: p99.map((micros) => micros / 2),
  disturbed: p99.map(() => 0),
  ...more,
})

/** A trial of a version that did not have p90. */
function withoutP90(reading: Reading): Reading {
  const { latency } = reading
  if (!latency.summary) throw new Error('there is no summary')
  const without = <Value extends object>(of: Value) =>
    Object.fromEntries(Object.entries(of).filter(([key]) => key !== 'p90')) as Value
  const { service, response, bounds } = latency.summary
  const summary = {
    service: without(service),
    ...(response && { response: without(response) }),
    ...(bounds && { bounds: without(bounds) }),
  }
  return { ...reading, latency: { ...latency, summary } }
}

describe('a quantile that is newer than a trial', () => {
  const view = (reading: Reading) => {
    const { result, plan } = resultWith()
    return viewTrial({ ...result, outcome: { status: 'measured', reading } }, plan.scenario)
  }

  it('has the value of its histogram', () => {
    const [old, own] = [withoutP90(readingOf()), readingOf()].map(view)
    expect(own?.headline.p90).toBeGreaterThan(0)
    expect(old?.headline).toEqual(own?.headline)
    expect(latencyTrouble(withoutP90(readingOf()))).toEqual(latencyTrouble(readingOf()))
  })

  it('is withheld where one beside it is', () => {
    const [sure, doubtful] = [{ lo: 1, hi: 1 }, { lo: 1 }]
    const withheld = (p50: object, p99: object) => {
      const bounds = { p50, p99, p999: doubtful } as QuantileBounds
      return withheldOf({ latency: { summary: { service: { p50: 1, p99: 1 }, bounds } } }).has('p90')
    }
    expect(withheld(sure, sure)).toBe(false)
    expect(withheld(sure, doubtful)).toBe(true)
    expect(withheld(doubtful, sure)).toBe(true)
  })
})

test('quantiles are in ascending order, which those that read histograms from the lowest rank on need', () => {
  const all = QUANTILES.map(({ q }) => q)
  expect(all).toEqual(all.toSorted((a, b) => a - b))
})

describe('the p99 of a typical second', () => {
  it('is the median of the slices, by either clock', () => {
    const slices = slicesOf([4000, 1000, 3000, 90_000, 2000])
    expect(typicalP99({ slices }, 'response')).toEqual({ value: 0.003 })
    expect(typicalP99({ slices }, 'service')).toEqual({ value: 0.0015 })
  })

  it('is not moved by a stall of one second, however long it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1000, max: 1100 }), { minLength: 9, maxLength: 30 }),
        fc.nat(8),
        fc.integer({ min: 1e5, max: 1e9 }),
        (p99, place, stall) => {
          const stalled = p99.map((micros, slice) => (slice === place ? stall : micros))
          const value = (all: readonly number[]) => {
            const told = typicalP99({ slices: slicesOf(all) }, 'response')
            return 'value' in told ? told.value : Number.NaN
          }
          expect(value(stalled) / value(p99)).toBeGreaterThanOrEqual(1)
          expect(value(stalled) / value(p99)).toBeLessThan(1.11)
        },
      ),
    )
  })

  it('is not told from too few slices, too few answers, or before it was measured', () => {
    expect(typicalP99({ slices: slicesOf([1, 2, 3, 4]) }, 'response')).toMatchObject({
      reason: expect.stringMatching(/4 slices of a second/),
    })
    const thin = slicesOf([1, 2, 3, 4, 5, 6], { answers: [89, 89, 250, 250, 250, 250], seconds: 4 })
    expect(typicalP99({ slices: thin }, 'response')).toMatchObject({
      reason: expect.stringMatching(/4 slices of 4 seconds with 90 answers/),
    })
    expect(typicalP99({}, 'response')).toMatchObject({
      reason: expect.stringMatching(/version of meshbench that made this result did not measure/),
    })
  })

  it('bears one pause of the generator, and is withheld where pauses could have made it', () => {
    const p99 = [1000, 1010, 1020, 1030, 1040, 1050, 1060]
    const once = slicesOf(p99, { disturbed: [0, 0, 100, 0, 0, 0, 0] })
    expect(typicalP99({ slices: once }, 'response')).toEqual({ value: 0.00103 })
    const often = { disturbed: [100, 0, 100, 0, 100, 100, 0] }
    const bounds = (hi: number) => ({ ...often, bounds: { lo: p99, hi: p99.map((micros) => micros * hi) } })
    // Many pauses, which matter little; and as many, by which it could be a tenth more.
    expect(typicalP99({ slices: slicesOf(p99, bounds(1.09)) }, 'response')).toEqual({ value: 0.00103 })
    expect(typicalP99({ slices: slicesOf(p99, bounds(1.11)) }, 'response')).toMatchObject({
      reason: expect.stringMatching(
        /paused in 4 of 7 slices: the value is 1\.03 ms without the requests .* and 1\.14 ms with them/,
      ),
    })
    // A result of before bounds were recorded.
    expect(typicalP99({ slices: slicesOf(p99, often) }, 'response')).toMatchObject({
      reason: expect.stringMatching(/paused in 4 of 7 slices/),
    })
  })
})

describe('quantiles that the generator may have made', () => {
  const bounds = {
    p50: { lo: 1e-3, hi: 1.05e-3 },
    p90: { lo: 1.5e-3, hi: 1.6e-3 },
    p99: { lo: 2e-3, hi: 0.2 },
    p999: { lo: 3e-3 },
  }
  const all = latencies(readingOf().requests)
  const paused: Partial<Reading> = {
    latency: { ...all, ...(all.summary && { summary: { ...all.summary, bounds } }) },
  }

  it('are those whose bounds are more than a tenth apart, or open', () => {
    expect([...withheldOf(readingOf({ reading: paused }))]).toEqual(['p99', 'p999'])
    expect([...withheldOf(readingOf())]).toEqual([])
  })

  it('have no value on either clock, with a reason, while the others count', () => {
    const { result, plan } = resultWith({ reading: paused })
    const view = viewTrial(result, plan.scenario)
    const told = Object.fromEntries(metrics.map((metric) => [metric.info.name, view && metric.value(view)]))
    expect(told).toMatchObject({ p99: undefined, p999: undefined, 'service-p99': undefined })
    expect(told['p50']).toBeGreaterThan(0)
    const judged = judgeTrial(result, plan)
    expect(judged.status).toBe('valid')
    expect(judged.problems).toMatchObject([
      {
        rule: 'quantile-withheld',
        effect: expect.stringMatching(
          /^Withheld: p99 and p99\.9\. More than 10 % of each value may come from the load generator/,
        ),
      },
    ])
  })

  it.each(['fortio/istio-ambient', 'fortio/tcp'])('are none in a healthy run: %s', async (name) => {
    const { execution, load } = captured(name)
    expect([...withheldOf(await fortio.parse(execution, load))]).toEqual([])
  })
})
