import { describe, expect, it } from 'vitest'
import { idleRates } from '../../../../src/platforms/in-cluster/kubelet/idle-rates.ts'

const readings = (...pairs: readonly (readonly [at: number, cpuSeconds: number])[]) =>
  pairs.map(([at, cpuSeconds]) => ({ at, cpuSeconds }))

describe('idle rates', () => {
  it('are the growth over all stretches, between zero and twice as much where few were seen', () => {
    const idle = idleRates()
    expect(idle.of('a')).toBeUndefined()
    idle.learn('a', readings([100, 5], [110, 6]))
    expect(idle.of('a')).toEqual({ cores: 0.1, doubt: 0.1 })
    expect(idle.of('b')).toBeUndefined()
  })

  it('vary as much as the stretches do, once there are three', () => {
    const idle = idleRates()
    // 0.1, 0.2 and 0.12 core.
    idle.learn('a', readings([100, 5], [110, 6], [120, 8]))
    idle.learn('a', readings([200, 10], [220, 12.4]))
    const { cores = 0, doubt = 0 } = idle.of('a') ?? {}
    expect(cores).toBeCloseTo(5.4 / 40, 9)
    expect(doubt).toBeCloseTo(0.2 - 5.4 / 40, 9)
  })

  it('are not known to less than half a thousandth of a core, even of what used nothing', () => {
    const idle = idleRates()
    idle.learn('a', readings([100, 5], [110, 5], [120, 5], [130, 5]))
    expect(idle.of('a')).toEqual({ cores: 0, doubt: 0.0005 })
  })

  it('are not learned from a container that started anew, nor from readings close together', () => {
    const idle = idleRates()
    idle.learn('a', readings([100, 5], [112, 1]))
    idle.learn('a', readings([112, 1], [115, 4]))
    expect(idle.of('a')).toBeUndefined()
  })
})
