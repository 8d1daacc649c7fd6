import { describe, expect, it } from 'vitest'
import { NODE_PARTS, type NodePart } from '../../../../src/model/mesh.ts'
import type { NodeSnapshots } from '../../../../src/platforms/in-cluster/node-snapshot.ts'
import { usageBetween } from '../../../../src/platforms/in-cluster/usage-between.ts'
import { captured, RULES, snapshotOf } from './captured.ts'

const { before, after, pods } = captured('load')
const usage = usageBetween(before, after, pods, RULES)
const of = (component: string, from = usage) => {
  const found = from.find((one) => one.component === component)
  if (!found) throw new Error(`no ${component}`)
  return found
}
const PARTS: Readonly<Record<NodePart, readonly string[]>> = {
  control: ['proxy-control', 'node-control'],
  client: ['proxy-client', 'generator', 'node-client'],
  server: ['proxy-server', 'server', 'node-server'],
}

describe('usageBetween on a real load', () => {
  it('names every component once, and every node', () => {
    expect(usage.map(({ component }) => component).sort()).toEqual(Object.values(PARTS).flat().sort())
    expect(of('proxy-client').role).toBe('node-proxy')
    expect([of('node-control').role, of('node-client').role]).toEqual(['cluster', 'node'])
  })

  it.each(NODE_PARTS)('adds up to what the %s node used', (node) => {
    const [open, close] = [snapshotOf(before, node), snapshotOf(after, node)]
    const sum = (of_: 'cpuSeconds' | 'memoryBytes' | 'threads') =>
      PARTS[node].reduce((total, component) => total + (of(component)[of_] ?? 0), 0)
    expect(sum('cpuSeconds')).toBeCloseTo(close.total.cpuSeconds - open.total.cpuSeconds, 9)
    expect(sum('memoryBytes')).toBe(close.total.memoryBytes)
    expect(sum('threads')).toBe(close.total.tasks)
    expect(Math.min(...PARTS[node].map((component) => of(component).cpuSeconds))).toBeGreaterThan(0)
  })

  it('counts an exec’d generator to its container', () => {
    // 7,129 calls; idle, this container uses less than 10 ms in this time.
    expect(of('generator').cpuSeconds).toBeCloseTo(0.5755, 4)
    expect(of('generator')).not.toHaveProperty('cpuLimit')
    expect(of('generator')).not.toHaveProperty('throttledPeriods')
  })

  it('shows a limit and what it held back', () => {
    const server = of('server')
    const seconds = snapshotOf(after, 'server').monotonic - snapshotOf(before, 'server').monotonic
    expect(server.cpuLimit).toBe(0.2)
    expect(server.cpuSeconds).toBeLessThanOrEqual(0.2 * (seconds + 0.1))
    expect(server.throttledPeriods).toBe(40)
    expect(server.throttledSeconds).toBeCloseTo(2.442, 3)
    expect(server.restarts).toBe(0)
    expect(server.peakBytes).toBeGreaterThanOrEqual(server.memoryBytes)
  })

  it('has what a component waited for, where the kernel counts it by cgroup', () => {
    const counted = (snapshots: NodeSnapshots, some: number) =>
      new Map(
        [...snapshots].map(([part, snapshot]) => {
          const cgroups = new Map(
            [...snapshot.cgroups].map(([path, counters]) => {
              return [path, { ...counters, pressure: { memory: { some } }, majorFaults: 10 * some }] as const
            }),
          )
          return [part, { ...snapshot, cgroups }] as const
        }),
      )
    const strained = usageBetween(counted(before, 1), counted(after, 1.5), pods, RULES)
    expect(of('server', strained)).toMatchObject({ pressure: { memory: { some: 0.5 } }, majorFaults: 5 })
    expect(of('server')).not.toHaveProperty('pressure')
  })

  it('gives a container to the first rule that matches', () => {
    const [server] = RULES
    if (!server) throw new Error('no rule')
    const first = { ...server, component: 'first' }
    const names = usageBetween(before, after, pods, [first, ...RULES]).map(({ component }) => component)
    expect(names).toContain('first')
    expect(names).not.toContain('server')
  })

  it('adds up the containers of one component over nodes', () => {
    const [shared] = RULES.filter(({ perNode }) => perNode).map((rule) => ({ ...rule, perNode: false }))
    if (!shared) throw new Error('no rule')
    const together = of('proxy', usageBetween(before, after, pods, [shared]))
    const apart = NODE_PARTS.map((node) => of(`proxy-${node}`))
    expect(together.cpuSeconds).toBeCloseTo(
      apart.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      9,
    )
    expect(together.memoryBytes).toBe(apart.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0))
  })

  it('leaves to the node what no rule names', () => {
    const bare = usageBetween(before, after, pods, [])
    expect(bare.map(({ component }) => component)).toEqual(['node-control', 'node-client', 'node-server'])
    expect(of('node-server', bare).cpuSeconds).toBeCloseTo(
      snapshotOf(after, 'server').total.cpuSeconds - snapshotOf(before, 'server').total.cpuSeconds,
      9,
    )
  })

  it('refuses a node that was read at one snapshot only', () => {
    const lost: NodeSnapshots = new Map([...after].filter(([node]) => node !== 'server'))
    expect(() => usageBetween(before, lost, pods, RULES)).toThrow(/server node was read at one snapshot/)
  })
})

describe('usageBetween over a restart', () => {
  const { before, after, pods } = captured('restart')

  it('sees it where the pods of both snapshots are known', () => {
    const server = of('server', usageBetween(before, after, pods, RULES))
    expect(server.restarts).toBe(1)
    expect(server.cpuLimit).toBe(0.2)
    expect(server.memoryBytes).toBeGreaterThan(0)
    expect(of('generator', usageBetween(before, after, pods, RULES)).restarts).toBe(0)
  })

  it.each([
    ['first', 0],
    ['last', -1],
  ])('sees it where only the pods of the %s snapshot are known', (_, index) => {
    const one = pods.filter(({ name }) => name === 'server').at(index)
    expect(of('server', usageBetween(before, after, one ? [one] : [], RULES)).restarts).toBe(1)
  })
})

describe("another tenant's pods", () => {
  it('are in no component, so that their CPU shows as that of other programs', () => {
    const foreign = pods.filter(({ namespace }) => namespace === 'bench')
    const without = usageBetween(before, after, pods, [], (pod) => foreign.includes(pod))
    const whole = usageBetween(before, after, pods, [])
    const sum = (some: typeof usage) => some.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0)
    const theirs = of('generator').cpuSeconds + of('server').cpuSeconds
    expect(theirs).toBeGreaterThan(0.5)
    expect(sum(whole) - sum(without)).toBeGreaterThanOrEqual(theirs * 0.999)
    expect(sum(without)).toBeGreaterThan(0)
  })
})
