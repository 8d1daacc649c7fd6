import { describe, expect, it } from 'vitest'
import { capacityOf, type Probe, rehearse, type Searched, standing, startingRate } from '../../src/capacity/search.ts'
import { random } from '../../src/stats/random.ts'

const load: Searched = {
  warmup: 1,
  duration: 8,
  capacity: { p99: 0.01, errors: 0.001, min: 100, max: 20_000, width: 0.05, budget: 600 },
}

const loadWith = (changes: Partial<Searched['capacity']>): Searched => ({
  ...load,
  capacity: { ...load.capacity, ...changes },
})

const under = (rate: number, duration = 8): Probe => ({ rate, duration, finding: 'under' })
const over = (rate: number, duration = 8): Probe => ({ rate, duration, finding: 'over' })
const far = (rate: number, duration = 2): Probe => ({ rate, duration, finding: 'far-over' })

/** A search to its end against an arm that answers as `finding` says. */
function searched(
  of: Searched,
  start: number,
  finding: (probe: Omit<Probe, 'finding'>, index: number) => Probe['finding'],
) {
  const probes: Probe[] = []
  for (;;) {
    const state = standing(of, probes, start)
    if (!state.next) return { ...state, probes }
    probes.push({ ...state.next, finding: finding(state.next, probes.length) })
    if (probes.length > 200) throw new Error('the search does not end')
  }
}

describe('the search for a capacity', () => {
  it('ends with bounds around the truth that are as close as the goal asks for, wherever it starts', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const draw = random(seed, 'truth')
      const truth = 110 * (19_000 / 110) ** draw.uniform()
      const start = 100 * 200 ** draw.uniform()
      const {
        ended,
        lower = 0,
        upper = 0,
        probes,
      } = searched(load, start, ({ rate }) => (rate <= truth ? 'under' : 'far-over'))
      expect(ended).toBe('width')
      expect(lower).toBeLessThanOrEqual(truth)
      expect(upper).toBeGreaterThan(truth)
      expect(upper / lower).toBeLessThanOrEqual(1.05 + 1e-6)
      expect(probes.length).toBeLessThan(22)
    }
  })

  it('starts with short trials, and has both bounds confirmed by full ones', () => {
    const { probes, lower, upper } = searched(load, 1000, ({ rate }) => (rate <= 3000 ? 'under' : 'over'))
    expect(probes[0]).toEqual({ rate: 1000, duration: 2, finding: 'under' })
    const full = probes.filter(({ duration }) => duration === 8).map(({ rate }) => rate)
    expect(full).toContain(lower)
    expect(full).toContain(upper)
    expect(full.length).toBeLessThan(probes.length)
  })

  it('never more than doubles what the arm was seen to carry', () => {
    const { probes } = searched(load, 150, ({ rate }) => (rate <= 15_000 ? 'under' : 'far-over'))
    for (const [index, { rate }] of probes.entries()) {
      if (index === 0) continue
      const carried = probes.slice(0, index).filter(({ finding }) => finding === 'under')
      expect(rate / Math.max(...carried.map((one) => one.rate))).toBeLessThanOrEqual(2.001)
    }
  })

  it('spends only short trials beyond the coarse bounds, so that overload is short', () => {
    const { probes } = searched(load, 4000, ({ rate }) => (rate <= 500 ? 'under' : 'far-over'))
    for (const { rate, duration } of probes) if (rate > 500 * 1.05 ** 4) expect(duration).toBe(2)
  })

  it('sends at least a thousand requests, so that a trial at a low rate takes longer', () => {
    const { next } = standing(load, [], 120)
    expect(next).toEqual({ rate: 120, duration: 9 })
  })

  it('says that the goal is met at the highest rate, or missed at the lowest, after a full trial there', () => {
    const above = searched(load, 9000, () => 'under')
    expect(above).toMatchObject({ ended: 'above-max', lower: 20_000 })
    expect(above.upper).toBeUndefined()
    expect(above.probes.at(-1)).toMatchObject({ rate: 20_000, duration: 8 })
    const below = searched(load, 300, () => 'far-over')
    expect(below).toMatchObject({ ended: 'below-min', upper: 100 })
    expect(below.lower).toBeUndefined()
    expect(capacityOf(above)).toBeUndefined()
    expect(capacityOf(below)).toBeUndefined()
  })

  it('ends before its budget is spent, with the bounds that it has and no capacity', () => {
    const { ended, probes, lower, upper } = searched(loadWith({ budget: 30 }), 1000, ({ rate }) =>
      rate <= 3000 ? 'under' : 'over',
    )
    expect(ended).toBe('budget')
    expect(probes.reduce((sum, { duration }) => sum + duration + 1, 0)).toBeLessThanOrEqual(30)
    expect(lower).toBeLessThanOrEqual(3000)
    expect(upper === undefined || upper > 3000).toBe(true)
    expect(capacityOf({ ended: 'budget', lower: 1000, upper: 1010 })).toBeUndefined()
  })

  it('believes a full trial rather than short ones of the same rate', () => {
    const wrong = [under(1000, 2), far(1200), over(1000), under(950), over(1000)]
    expect(standing(load, wrong, 0)).toMatchObject({ lower: 950, upper: 1000 })
    const late = [under(1000, 2), far(1100), under(1100), under(1050)]
    const { lower, upper, next } = standing(load, late, 0)
    expect(lower).toBe(1100)
    expect(upper).toBeUndefined()
    expect(next?.rate).toBeGreaterThan(1100)
    expect(next?.rate).toBeLessThan(1100 * 1.5)
  })

  it('measures an unusable rate again, and gives up after three of one rate or two failures', () => {
    const bad: Probe = { rate: 1000, duration: 2, finding: 'unusable' }
    expect(standing(load, [bad], 0).next).toEqual({ rate: 1000, duration: 2 })
    expect(standing(load, [bad, bad, bad], 0).ended).toBe('disturbed')
    const failed: Probe = { rate: 1000, duration: 2, finding: 'failed' }
    expect(standing(load, [failed], 0).next).toEqual({ rate: 1000, duration: 2 })
    expect(standing(load, [failed, failed], 0).ended).toBe('failed')
  })

  it('depends on nothing but the trials so far', () => {
    const { probes } = searched(load, 700, ({ rate }) => (rate <= 5000 ? 'under' : 'over'))
    for (let n = 1; n < probes.length; n++) {
      const { finding: _, ...next } = probes[n] as Probe
      expect(standing(load, probes.slice(0, n), 123).next).toEqual(next)
    }
  })

  it('begins at another rate in every block, within the range and near what was found before', () => {
    const rates = Array.from({ length: 50 }, (_, block) => startingRate(load, 3000, random(1, 'capacity', block)))
    expect(new Set(rates).size).toBe(50)
    for (const rate of rates) expect(Math.abs(Math.log(rate / 3000))).toBeLessThanOrEqual(2.001 * Math.log(1.05))
    expect(startingRate(load, 20_000, random(3, 'x'))).toBeLessThanOrEqual(20_000)
  })

  it('takes fewer trials where it begins near the capacity', () => {
    expect(rehearse(load, 3000, 3000).length).toBeLessThan(rehearse(load, 3000, 150).length)
  })
})
