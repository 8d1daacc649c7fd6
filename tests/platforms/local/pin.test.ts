import { describe, expect, it } from 'vitest'
import { meshes } from '../../../src/meshes/index.ts'
import { affinityOf, allowedCpus, cpusOfProxy, divideCpus } from '../../../src/platforms/local/pin.ts'

const cpus = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('CPU sets', () => {
  it('are none below four cores, and that is said', () => {
    expect(divideCpus(cpus(3))).toBeUndefined()
    expect(affinityOf(cpus(2), true)).toEqual({ seen: 'not pinned: 2 cores' })
    expect(affinityOf(cpus(8), false).seen).toContain('taskset')
  })

  it.each([4, 5, 7, 8, 16])('give each CPU of %i to one side', (count) => {
    const { generator, client, server } = divideCpus(cpus(count)) ?? { generator: '', client: '', server: '' }
    const all = [generator, client, server].flatMap((set) => set.split(',').map(Number))
    expect(all).toEqual(cpus(count))
    expect(server.split(',').length).toBeGreaterThanOrEqual(client.split(',').length)
  })

  it('put proxies on the side that they stand for', () => {
    const { sets } = affinityOf(cpus(4), true)
    const side = (mesh: string) => (meshes[mesh]?.processes?.proxies ?? []).map((proxy) => cpusOfProxy(sets, proxy))
    expect(side('envoy-sidecar')).toEqual(['1', '2,3'])
    expect(side('envoy-node-waypoint')).toEqual(['1', '2,3', '2,3'])
  })

  it.runIf(process.platform === 'linux')('are made of CPUs that this process may use', () => {
    expect(allowedCpus().length).toBeGreaterThan(0)
  })
})
