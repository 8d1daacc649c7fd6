import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimedCounters } from '../../../../src/platforms/in-cluster/kubelet/cadvisor.ts'
import { interpolate } from '../../../../src/platforms/in-cluster/kubelet/interpolate.ts'

const reading = (at: number, cpuSeconds: number, more: Partial<TimedCounters> = {}): TimedCounters => {
  return { at, cpuSeconds, memoryBytes: 1, ...more }
}
const window = { opened: 1000, closed: 1060, clockDoubt: 0 }
const one = (path: string, start: TimedCounters | undefined, end: TimedCounters | undefined) => ({
  before: new Map(start ? [[path, start]] : []),
  after: new Map(end ? [[path, end]] : []),
})
const growthOf = ({ open, close }: ReturnType<typeof interpolate>, path: string) =>
  (close.cgroups.get(path)?.cpuSeconds ?? 0) - (open.cgroups.get(path)?.cpuSeconds ?? 0)

describe('interpolation', () => {
  it('takes off the idle rate for the time outside of the window, and states what its doubt makes', () => {
    // 10 s before and 20 s after at 0.1 core, 60 s at 0.5 core.
    const found = interpolate({ ...window, ...one('a', reading(990, 5), reading(1080, 38)) }, () => {
      return { cores: 0.1, doubt: 0.02 }
    })
    expect(found.open.cgroups.get('a')?.cpuSeconds).toBeCloseTo(6, 9)
    expect(growthOf(found, 'a')).toBeCloseTo(30, 9)
    expect(found.close.cgroups.get('a')?.cpuDoubt).toBeCloseTo(30 * 0.02, 9)
    const unsure = { ...window, clockDoubt: 0.5, ...one('a', reading(990, 5), reading(1080, 38)) }
    const doubt = interpolate(unsure, () => ({ cores: 0.1, doubt: 0.02 })).close.cgroups.get('a')?.cpuDoubt
    expect(doubt).toBeCloseTo(30 * 0.02 + 0.12, 9)
  })

  it('never finds less than nothing, nor more than the growth', () => {
    const found = interpolate({ ...window, ...one('a', reading(990, 5), reading(1080, 6)) }, () => {
      return { cores: 1, doubt: 1 }
    })
    expect(growthOf(found, 'a')).toBe(0)
    expect(found.close.cgroups.get('a')?.cpuDoubt).toBe(1)
  })

  it('spreads the growth evenly where no idle rate is known', () => {
    const found = interpolate({ ...window, ...one('a', reading(990, 5), reading(1080, 14)) }, () => undefined)
    expect(growthOf(found, 'a')).toBeCloseTo(6, 9)
    expect(found.close.cgroups.get('a')?.cpuDoubt).toBeCloseTo(3, 9)
  })

  it('leaves what is at one end only at that end', () => {
    const gone = interpolate({ ...window, ...one('a', reading(990, 5), undefined) }, () => undefined)
    expect([gone.open.cgroups.has('a'), gone.close.cgroups.has('a')]).toEqual([true, false])
    const made = interpolate({ ...window, ...one('a', undefined, reading(1070, 5)) }, () => undefined)
    expect([made.open.cgroups.has('a'), made.close.cgroups.has('a')]).toEqual([false, true])
  })

  it('has the root as the total, and memory of the reading after the window', () => {
    const { open, close } = interpolate(
      { ...window, ...one('', reading(995, 50, { memoryBytes: 7, tasks: 0 }), reading(1065, 120, { memoryBytes: 9 })) },
      () => ({ cores: 1, doubt: 0 }),
    )
    expect(close.total.cpuSeconds - open.total.cpuSeconds).toBeCloseTo(60, 9)
    expect(close.total).toMatchObject({ memoryBytes: 9, cpuDoubt: 0 })
    expect(close.cgroups.size).toBe(0)
    expect(open.total.tasks).toBeUndefined()
  })

  it('is within the error that it states, if the idle rate stays within its doubt', () => {
    const part = fc.double({ min: 0, max: 30, noNaN: true })
    const factor = fc.double({ min: -1, max: 1, noNaN: true })
    fc.assert(
      fc.property(part, part, factor, factor, (early, late, first, second) => {
        const idle = { cores: 0.2, doubt: 0.15 }
        const truth = 60 * 0.7
        const outside = early * (idle.cores + first * idle.doubt) + late * (idle.cores + second * idle.doubt)
        const ends = one('a', reading(1000 - early, 0), reading(1060 + late, truth + outside))
        const found = interpolate({ ...window, ...ends }, () => idle)
        const doubt = found.close.cgroups.get('a')?.cpuDoubt ?? 0
        expect(Math.abs(growthOf(found, 'a') - truth)).toBeLessThanOrEqual(doubt + 1e-9)
      }),
    )
  })
})
