import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import type { PodFact } from '../../src/model/mesh.ts'
import { podFacts } from './captured.ts'

function inspect(name: string, pods: readonly PodFact[], values: Record<string, unknown> = {}) {
  const mesh = meshes[name]
  if (!mesh?.kubernetes) throw new Error(`${name} is no mesh for a cluster`)
  const seen = mesh.kubernetes.inspect(pods, installAbout(mesh, 'equalised', { name, values }, {}))
  return Object.fromEntries(seen.map((one) => [one.name, one]))
}

const captures = {
  'istio-sidecar': podFacts('istio-sidecar/pods.json'),
  'istio-ambient': [...podFacts('istio-ambient/pods.json'), ...podFacts('istio-ambient/system-pods.json')],
  'istio-ambient-waypoint': podFacts('istio-ambient-waypoint/pods.json'),
  linkerd: [...podFacts('linkerd/pods.json'), ...podFacts('linkerd/control-plane-pods.json')],
}
const enrolled = Object.entries(captures)
const bare = podFacts('istio-ambient/pods.json').map((pod) => ({ ...pod, annotations: {} }))

describe('enrolment', () => {
  it.each(enrolled)('is seen: %s', (name, pods) => {
    expect(inspect(name, pods)['enrolled']?.holds).toBe(true)
  })

  it.each(enrolled)('of any mesh is not no mesh: %s', (_, pods) => {
    expect(inspect('none', pods)['enrolled']?.holds).toBe(false)
  })

  it.each([...enrolled.map(([name]) => name), 'kuma'])('is missed where pods have no proxy: %s', (name) => {
    expect(inspect(name, bare)['enrolled']).toMatchObject({ holds: false, seen: 'client: no proxy, server: no proxy' })
  })

  it('of one pod alone does not hold', () => {
    const seen = inspect('istio-sidecar', podFacts('istio-sidecar/pods-plain.json'))['enrolled']
    expect(seen).toMatchObject({ holds: false, seen: 'client: no proxy, server: istio-proxy' })
  })

  it('is none where there is no mesh, and nothing where there are no pods', () => {
    expect(inspect('none', bare)['enrolled']?.holds).toBe(true)
    expect(inspect('none', [])['enrolled']?.holds).toBe(false)
  })
})

describe('limits', () => {
  it('are those asked for', () => {
    const seen = inspect('istio-sidecar', captures['istio-sidecar'])['limits']
    expect(seen).toMatchObject({ holds: true })
    expect(seen?.seen).toBe('client-proxy: 2 cores and 1 GiB, server-proxy: 2 cores and 1 GiB')
  })

  it('do not hold where a proxy has none, or others', () => {
    expect(inspect('linkerd', captures.linkerd)['limits']?.holds).toBe(false)
    expect(inspect('istio-sidecar', captures['istio-sidecar'], { cpuLimit: 1 })['limits']?.holds).toBe(false)
  })

  it('left as shipped are told', () => {
    const seen = inspect('linkerd', captures.linkerd, { cpuLimit: 0, memoryLimit: 0 })['limits']
    expect(seen).not.toHaveProperty('holds')
    expect(seen?.seen).toContain('client-proxy: no CPU limit and no memory limit')
  })
})

describe('what else is told', () => {
  it('names each image once, with its digest and what runs it', () => {
    const { image } = inspect('istio-ambient', captures['istio-ambient'])
    expect(image?.seen).toContain('ztunnel: docker.io/istio/ztunnel:lab (sha256:abababab)')
    expect(image?.seen).toContain('istiod: docker.io/istio/pilot:lab')
    expect(image?.seen).not.toContain('fortio')
  })

  it('tells the three proxies of one name apart by their pods', () => {
    const { limits } = inspect('istio-ambient-waypoint', captures['istio-ambient-waypoint'])
    expect(limits?.seen).toBe('waypoint: 2 cores and 1 GiB')
  })

  it('is the layer, the version and what was configured', () => {
    const seen = inspect('istio-ambient-waypoint', captures['istio-ambient-waypoint'], { retries: 1 })
    expect(seen['layer']?.seen).toBe('requests (L7)')
    expect(seen['version']?.seen).toBe('1.31.1')
    expect(seen['retries']?.seen).toBe('1 allowed')
    expect(seen['dns-capture']?.seen).toBe('off')
    expect(seen['access-log']?.seen).toBe('off')
    expect(seen['strict']?.seen).toBe('on')
  })
})
