import { describe, expect, it } from 'vitest'
import type { NodeSnapshot } from '../../../../src/platforms/in-cluster/node-snapshot.ts'
import { hostBetween } from '../../../../src/platforms/in-cluster/usage-between.ts'
import { captured, snapshotOf } from './captured.ts'

const { before, after } = captured('load')
const [open, close] = [snapshotOf(before, 'client'), snapshotOf(after, 'client')]
const between = (from: NodeSnapshot, to: NodeSnapshot) =>
  hostBetween(new Map([['client', from]]), new Map([['client', to]]), ['client'])

describe('hostBetween', () => {
  it('sees the whole machine, from any node', () => {
    const host = between(open, close)
    expect(host.cores).toBe(2)
    // Both cores were loaded from elsewhere at the time of the capture.
    expect(host.busyCores).toBeGreaterThan(1.9)
    expect(host.busyCores).toBeLessThanOrEqual(2.01)
    expect(host.stolenCores).toBeCloseTo(0.002, 3)
    const other = between(snapshotOf(before, 'server'), snapshotOf(after, 'server'))
    expect(other.busyCores).toBeCloseTo(host.busyCores, 1)
  })

  it('has what tasks waited for, where both snapshots have it', () => {
    const memory = (some: number) => ({ pressure: { memory: { some } }, majorFaults: 100 * some })
    const host = between({ ...open, strain: memory(2) }, { ...close, strain: memory(2.5) })
    expect(host).toMatchObject({ pressure: { memory: { some: 0.5 } }, majorFaults: 50 })
    // Captured before these were read.
    expect(between(open, close)).not.toHaveProperty('pressure')
  })

  it('takes what the readings cannot tell for no step', () => {
    expect(between(open, close).clockStep).toBe(0)
    const coarse = { ...close, wall: close.wall + 0.008, clockDoubt: 0.011 }
    expect(between(open, coarse).clockStep).toBe(0)
  })

  it('sees a step of the wall clock', () => {
    expect(between(open, { ...close, wall: close.wall - 0.5 }).clockStep).toBeCloseTo(-0.5, 2)
  })

  it('adds up machines, and keeps what each of them did', () => {
    const machines = ['client', 'server'] as const
    const stepped = new Map([...after, ['server', { ...snapshotOf(after, 'server'), wall: 5 }]] as const)
    const host = hostBetween(before, stepped, machines)
    const [client, server] = machines.map((node) => between(snapshotOf(before, node), snapshotOf(after, node)))
    expect(host.cores).toBe(4)
    expect(host.busyCores).toBeCloseTo((client?.busyCores ?? 0) + (server?.busyCores ?? 0), 9)
    expect(host.machines).toMatchObject([
      { node: 'client', cores: 2, busyCores: client?.busyCores },
      { node: 'server', cores: 2, busyCores: server?.busyCores },
    ])
    // The clock of either that steps is enough.
    expect(host.clockStep).toBeLessThan(-1000)
    expect(hostBetween(before, after, ['client'])).not.toHaveProperty('machines')
  })
})
