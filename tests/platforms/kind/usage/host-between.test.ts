import { describe, expect, it } from 'vitest'
import { hostBetween } from '../../../../src/platforms/kind/usage/usage-between.ts'
import { captured, snapshotOf } from './captured.ts'

const { before, after } = captured('load')
const [open, close] = [snapshotOf(before, 'client'), snapshotOf(after, 'client')]

describe('hostBetween', () => {
  it('sees the whole machine, from any node', () => {
    const host = hostBetween(open, close)
    expect(host.cores).toBe(2)
    // Both cores were loaded from elsewhere at the time of the capture.
    expect(host.busyCores).toBeGreaterThan(1.9)
    expect(host.busyCores).toBeLessThanOrEqual(2.01)
    expect(host.stolenCores).toBeCloseTo(0.002, 3)
    const other = hostBetween(snapshotOf(before, 'server'), snapshotOf(after, 'server'))
    expect(other.busyCores).toBeCloseTo(host.busyCores, 1)
  })

  it('has what tasks waited for, where both snapshots have it', () => {
    const memory = (some: number) => ({ pressure: { memory: { some } }, majorFaults: 100 * some })
    const host = hostBetween({ ...open, strain: memory(2) }, { ...close, strain: memory(2.5) })
    expect(host).toMatchObject({ pressure: { memory: { some: 0.5 } }, majorFaults: 50 })
    // Captured before these were read.
    expect(hostBetween(open, close)).not.toHaveProperty('pressure')
  })

  it('takes what the readings cannot tell for no step', () => {
    expect(hostBetween(open, close).clockStep).toBe(0)
    const coarse = { ...close, wall: close.wall + 0.008, clockDoubt: 0.011 }
    expect(hostBetween(open, coarse).clockStep).toBe(0)
  })

  it('sees a step of the wall clock', () => {
    expect(hostBetween(open, { ...close, wall: close.wall - 0.5 }).clockStep).toBeCloseTo(-0.5, 2)
  })
})
