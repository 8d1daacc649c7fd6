import { describe, expect, it } from 'vitest'
import { parseEdge } from '../../../../src/platforms/kind/usage/parse-edge.ts'
import { edgeText } from './captured.ts'

const text = edgeText('load', 'server', 'after')
const edge = parseEdge(text, 'server')

/** The figure behind this text in the capture. */
function figure(start: string): number {
  const line = text.split('\n').find((one) => one.startsWith(start))
  if (line === undefined) throw new Error(`no line begins with ${start}`)
  return Number(line.slice(start.length))
}

describe('parseEdge, cgroup v1', () => {
  it('reads the clocks', () => {
    expect(edge.cgroupVersion).toBe(1)
    expect(edge.monotonic).toBeCloseTo(figure('monotonic ') / 1e9, 2)
    expect(edge.wall).toBeCloseTo(figure('wall ') / 1e9, 5)
    expect(edge.clockDoubt).toBeGreaterThan(0)
    expect(edge.clockDoubt).toBeLessThan(0.01)
    expect(edge.took).toBeGreaterThan(0)
  })

  it('reads the node as a whole', () => {
    expect(edge.total.cpuSeconds).toBe(figure('cpuacct//cpuacct.usage:') / 1e9)
    const charged = figure('memory//memory.usage_in_bytes:')
    expect(edge.total.memoryBytes).toBe(charged - figure('memory//memory.stat:total_inactive_file '))
    expect(edge.total.peakBytes).toBe(figure('memory//memory.max_usage_in_bytes:'))
    expect(edge.total.tasks).toBe(figure('pids//pids.current:'))
  })

  it('reads a throttled container with all its counters', () => {
    const throttled = [...edge.cgroups].filter(
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
    expect(edge.cgroups.get(kubelet)).toEqual({ cpuSeconds: figure(`unified/${kubelet}/cpu.stat:usage_usec `) / 1e6 })
    expect(edge.cgroups.get('kubelet.slice')?.cpuSeconds).toBe(figure('cpuacct/kubelet.slice/cpuacct.usage:') / 1e9)
  })

  it('reads the host: user, nice, system, irq and softirq are busy', () => {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
      /^\/proc\/stat:cpu +(.*)$/m.exec(text)?.[1] ?? ''
    )
      .split(' ')
      .map(Number)
    expect(edge.host).toEqual({ cores: 2, busy: (user + nice + system + irq + softirq) / 100, stolen: steal / 100 })
  })
})

describe('parseEdge, wherever', () => {
  it('falls back to the uptime, and says that it is coarser', () => {
    const coarse = parseEdge(
      text.replaceAll(/^monotonic (\d+)(\d{7})$/gm, (_, s) => `uptime ${Number(s) / 100}`),
      'server',
    )
    expect(coarse.monotonic).toBeCloseTo(edge.monotonic, 1)
    expect(coarse.clockDoubt).toBeGreaterThanOrEqual(0.01)
  })

  it('refuses a text that is cut off, with the node in the message', () => {
    const cut = text.slice(0, text.lastIndexOf('monotonic'))
    expect(() => parseEdge(cut, 'worker-7')).toThrow(/worker-7.*incomplete/)
    expect(() => parseEdge('', 'worker-7')).toThrow(/worker-7/)
  })

  it('refuses a node without counters of its own', () => {
    const foreign = text.replaceAll(/^memory\/\/.*\n/gm, '')
    expect(() => parseEdge(foreign, 'worker-7')).toThrow(/worker-7 shows no CPU and memory counters/)
  })
})
