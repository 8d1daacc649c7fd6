import { describe, expect, it } from 'vitest'
import { podFacts } from '../../src/kubernetes/pods.ts'
import { capturedPods } from './pods.ts'

const facts = (name: string) => podFacts(capturedPods(name), (node) => (node.endsWith('worker') ? 'client' : 'control'))

describe('podFacts', () => {
  it('counts a native sidecar among the containers, and an init container that ended not', () => {
    const [client] = facts('istio-sidecar-pods.json')
    expect(client).toMatchObject({ namespace: 'bench', node: 'client', address: '10.244.1.4' })
    expect(client?.containers.map(({ name }) => name)).toEqual(['istio-proxy', 'fortio', 'files'])
  })

  it('reads the status of a sidecar, its limits, and its literal environment', () => {
    const proxy = facts('istio-sidecar-pods.json')[0]?.containers[0]
    expect(proxy).toMatchObject({
      id: '6ac8f42178ffe41bc1443e6064bf682f4528a9d3300681477551b4e1d07e747e',
      restarts: 0,
      ready: true,
      cpuLimit: 2,
      memoryLimit: 1024 ** 3,
    })
    expect(proxy?.imageId).toContain('@sha256:536ed90b')
    expect(proxy?.env['CA_ADDR']).toBe('istiod.istio-system.svc:15012')
    expect(proxy?.env).not.toHaveProperty('POD_NAME')
  })

  it('has no limit where none is set', () => {
    for (const { containers } of facts('linkerd-pods.json')) {
      expect(containers[0]?.name).toBe('linkerd-proxy')
      expect(containers[0]).not.toHaveProperty('cpuLimit')
    }
  })

  it('leaves out a pod without a node', () => {
    const pods = capturedPods('istio-ambient-system-pods.json')
    const [first] = pods
    if (!first) throw new Error('nothing was captured')
    const { nodeName: _, ...spec } = first.spec
    expect(podFacts([{ ...first, spec }], () => 'server')).toEqual([])
    expect(podFacts(pods, () => 'server')).toHaveLength(5)
  })
})
