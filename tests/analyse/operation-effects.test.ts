import { describe, expect, it } from 'vitest'
import { effectsOf } from '../../src/analyse/operations/operation-effects.ts'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import type { OperationReading, Reading } from '../../src/model/result.ts'
import { readingOf } from '../build/reading.ts'
import { loadOf } from '../build/scenario.ts'

const load = loadOf({ duration: 20, rate: 100 })
const OPERATION: OperationReading = { name: 'server-rollout', at: 5.5, ended: 8.2, seen: [] }

interface Seconds {
  readonly p99?: Readonly<Record<number, number>>
  readonly errors?: Readonly<Record<number, number>>
}

/** A reading whose seconds are normal but for these; p99 in milliseconds. */
function effects({ p99 = {}, errors = {} }: Seconds, changes: Partial<Reading> = {}) {
  const reading = readingOf({ load, reading: { operation: OPERATION } })
  const { timeline } = reading
  return effectsOf({
    ...reading,
    timeline: {
      ...timeline,
      p99: timeline.p99.map((usual, second) => (p99[second] === undefined ? usual * 10 : p99[second] * 1000)),
      errors: timeline.errors.map((_, second) => errors[second] ?? 0),
    },
    ...changes,
  })
}

describe('what callers notice of an operation', () => {
  it('is nothing where every second is as those before it', () => {
    expect(effects({})).toMatchObject({ errors: 0, late: 0, recovery: 0 })
    // What nobody notices is normal, and so is twice the highest p99 of the seconds before.
    expect(effects({ p99: { 9: 100 } })?.recovery).toBe(0)
    expect(effects({ p99: { 9: 101 } })?.recovery).toBe(4.5)
    expect(effects({ p99: { 3: 80, 9: 160 } })?.recovery).toBe(0)
    expect(effects({ p99: { 3: 80, 9: 161 } })?.recovery).toBe(4.5)
  })

  it('counts errors since the operation, and seconds until the last one that was not normal', () => {
    const told = effects({ errors: { 2: 7, 6: 3, 7: 4 } })
    expect(told?.errors).toBe(7)
    expect(told?.recovery).toBe(2.5)
    expect(told).not.toHaveProperty('longerThan')
  })

  it('looks for three seconds in a row, not before the operation has ended', () => {
    // Quiet from 5 to 10, but the operation ends in second 8, and 11 is not normal: 8, 9 and 10 are three in a row.
    expect(effects({ errors: { 11: 1 } })?.recovery).toBe(0)
    expect(effects({ errors: { 10: 1 } })?.recovery).toBe(5.5)
    expect(effects({ errors: { 9: 1, 12: 1 } })?.recovery).toBe(7.5)
  })

  it('is a bound where that does not come within the window, or the operation does not end', () => {
    const open = effects({ errors: { 10: 1, 13: 1, 16: 1, 19: 1 } })
    expect(open?.recovery).toBeUndefined()
    expect(open?.longerThan).toBe(14.5)
    const { ended: _, ...going } = OPERATION
    expect(effects({}, { operation: going })).toMatchObject({ longerThan: 14.5, soFar: 0 })
    expect(effects({}, { operation: going })?.recovery).toBeUndefined()
  })

  it('counts answers after more than a second, and what was never sent, as late', () => {
    const histogram = latencyHistogram()
    histogram.record(900_000, 5)
    histogram.record(1_100_000, 3)
    const response = histogram.encode()
    expect(effects({}, { latency: { service: response, response }, dropped: 4 })?.late).toBe(7)
  })

  it('is asked of trials with an operation only', () => {
    expect(effectsOf(readingOf({ load }))).toBeUndefined()
  })
})
