import { describe, expect, it } from 'vitest'
import { parseSnapshot } from '../../../../src/platforms/in-cluster/node-snapshot.ts'
import { edgeText } from './captured.ts'

const text = edgeText('load', 'server', 'after')
const snapshot = parseSnapshot(text, 'server')

/** The figure behind this text in the capture. */
function figure(start: string): number {
  const line = text.split('\n').find((one) => one.startsWith(start))
  if (line === undefined) throw new Error(`no line begins with ${start}`)
  return Number(line.slice(start.length))
}

describe('parseSnapshot, cgroup v1', () => {
  it('reads the clocks', () => {
    expect(snapshot.cgroupVersion).toBe(1)
    expect(snapshot.monotonic).toBeCloseTo(figure('monotonic ') / 1e9, 2)
    expect(snapshot.wall).toBeCloseTo(figure('wall ') / 1e9, 5)
    expect(snapshot.clockDoubt).toBeGreaterThan(0)
    expect(snapshot.clockDoubt).toBeLessThan(0.01)
    expect(snapshot.took).toBeGreaterThan(0)
  })

  it('reads the node as a whole', () => {
    expect(snapshot.total.cpuSeconds).toBe(figure('cpuacct//cpuacct.usage:') / 1e9)
    const charged = figure('memory//memory.usage_in_bytes:')
    expect(snapshot.total.memoryBytes).toBe(charged - figure('memory//memory.stat:total_inactive_file '))
    expect(snapshot.total.peakBytes).toBe(figure('memory//memory.max_usage_in_bytes:'))
    expect(snapshot.total.tasks).toBe(figure('pids//pids.current:'))
  })

  it('reads a throttled container with all its counters', () => {
    const throttled = [...snapshot.cgroups].filter(
      ([path, { throttledPeriods }]) => path.endsWith('.scope') && throttledPeriods,
    )
    expect(throttled).toHaveLength(1)
    const [path, counters] = throttled[0] ?? ['', {}]
    expect(path).toMatch(/^kubelet\.slice\/.*\/cri-containerd-7d00422c[0-9a-f]*\.scope$/)
    expect(counters).toEqual({
      cpuSeconds: figure(`cpuacct/${path}/cpuacct.usage:`) / 1e9,
      throttledPeriods: figure(`cpu/${path}/cpu.stat:nr_throttled `),
      throttledSeconds: figure(`cpu/${path}/cpu.stat:throttled_time `) / 1e9,
      memoryBytes:
        figure(`memory/${path}/memory.usage_in_bytes:`) - figure(`memory/${path}/memory.stat:total_inactive_file `),
      peakBytes: figure(`memory/${path}/memory.max_usage_in_bytes:`),
      tasks: figure(`pids/${path}/pids.current:`),
    })
  })

  it('takes services from the unified hierarchy, and the same cgroup only once', () => {
    const kubelet = 'kubelet.slice/kubelet.service'
    expect(snapshot.cgroups.get(kubelet)).toEqual({
      cpuSeconds: figure(`unified/${kubelet}/cpu.stat:usage_usec `) / 1e6,
    })
    expect(snapshot.cgroups.get('kubelet.slice')?.cpuSeconds).toBe(figure('cpuacct/kubelet.slice/cpuacct.usage:') / 1e9)
  })

  it('reads the host: user, nice, system, irq and softirq are busy', () => {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
      /^\/proc\/stat:cpu +(.*)$/m.exec(text)?.[1] ?? ''
    )
      .split(' ')
      .map(Number)
    expect(snapshot.host).toEqual({ cores: 2, busy: (user + nice + system + irq + softirq) / 100, stolen: steal / 100 })
  })
})

describe('parseSnapshot, wherever', () => {
  it('falls back to the uptime, and says that it is coarser', () => {
    const coarse = parseSnapshot(
      text.replaceAll(/^monotonic (\d+)(\d{7})$/gm, (_, s) => `uptime ${Number(s) / 100}`),
      'server',
    )
    expect(coarse.monotonic).toBeCloseTo(snapshot.monotonic, 1)
    expect(coarse.clockDoubt).toBeGreaterThanOrEqual(0.01)
  })

  it('refuses a text that is cut off, with the node in the message', () => {
    const cut = text.slice(0, text.lastIndexOf('monotonic'))
    expect(() => parseSnapshot(cut, 'worker-7')).toThrow(/worker-7.*incomplete/)
    expect(() => parseSnapshot('', 'worker-7')).toThrow(/worker-7/)
  })

  it('refuses a node without counters of its own', () => {
    const foreign = text.replaceAll(/^memory\/\/.*\n/gm, '')
    expect(() => parseSnapshot(foreign, 'worker-7')).toThrow(/worker-7 shows no CPU and memory counters/)
  })
})
