import { describe, expect, it } from 'vitest'
import type { PodFact } from '../../../src/model/mesh.ts'
import type { Load } from '../../../src/model/scenario.ts'
import { placement } from '../../../src/platforms/in-cluster/raise.ts'
import {
  endpointsOf,
  idleServices,
  refuseEndpoint,
  targetOf,
  workloadFor,
} from '../../../src/platforms/in-cluster/workload.ts'
import { loadOf } from '../../build/scenario.ts'

const images = { fortio: 'mirror/fortio:1', k6: 'mirror/k6:1', busybox: 'mirror/busybox:1' }
const load = (more: Partial<Load> = {}) => loadOf({ name: 'http', rate: 100, connections: 1, payload: 0, ...more })
const none = { objects: [], until: [] }
const about = {
  arm: { name: 'none', mesh: 'none' },
  loads: [load()],
  images,
  enrolment: none,
  run: 'a-run',
  namespace: 'bench',
}

type Spec = {
  nodeSelector: object
  containers: { name: string; image: string; args?: string[]; resources?: { requests: { cpu: string } } }[]
  initContainers: []
}
const pod = (name: string, change: object = {}) => {
  const found = workloadFor({ ...about, ...change }).pods.find(({ metadata }) => metadata.name === name)
  return { metadata: found?.metadata, spec: found?.['spec'] as Spec }
}

describe('idle services', () => {
  const made = idleServices({ name: 'many', mesh: 'none', idleServices: 1000 }, 'bench', 'a-run')

  it('are as many Services as asked for, each with one endpoint of its own and no selector', () => {
    const services = made.filter(({ kind }) => kind === 'Service')
    const slices = made.filter(({ kind }) => kind === 'EndpointSlice')
    expect(services).toHaveLength(1000)
    expect(services.filter(({ spec }) => Object.hasOwn(spec as object, 'selector'))).toEqual([])
    const of = slices.map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'])
    expect(of).toEqual(services.map(({ metadata }) => metadata.name))
    const addresses = slices.flatMap(
      (slice) => (slice as unknown as { endpoints: { addresses: string[] }[] }).endpoints,
    )
    expect(new Set(addresses.flatMap((one) => one.addresses)).size).toBe(1000)
    for (const { addresses: all } of addresses) expect(all).toEqual([expect.stringMatching(/^198\.18\.[0-3]\.\d+$/)])
  })

  it('say whose they are, and there are none unasked', () => {
    for (const { metadata } of made) {
      expect(metadata).toMatchObject({ namespace: 'bench', labels: { 'meshbench.io/run': 'a-run' } })
    }
    expect(idleServices({ name: 'one', mesh: 'none' }, 'bench', 'a-run')).toEqual([])
  })
})

describe('the workload', () => {
  it("runs the site's images, and says on every object whose it is", () => {
    const { lasting, pods } = workloadFor(about)
    expect(pod('server').spec.containers.map(({ image }) => image)).toEqual(['mirror/fortio:1'])
    expect(pod('client').spec.containers.map(({ image }) => image)).toEqual(['mirror/fortio:1', 'mirror/busybox:1'])
    for (const { metadata } of [...lasting, ...pods])
      expect(metadata.labels).toMatchObject({ 'meshbench.io/run': 'a-run' })
  })

  it('has k6, and what keeps it idle, only where a load uses it', () => {
    expect(pod('client').spec.initContainers).toEqual([])
    const k6 = pod('client', { loads: [load({ tool: 'k6' })] }).spec
    expect(k6.containers.map(({ name }) => name)).toEqual(['fortio', 'k6', 'files'])
    expect(k6.initContainers).toHaveLength(1)
  })

  it('asks for CPU and memory in every container, and runs none as root', () => {
    const spec = (name: string) =>
      pod(name, { loads: [load({ tool: 'k6' })] }).spec as unknown as {
        securityContext: object
        containers: { securityContext: object; resources: { requests: object } }[]
        initContainers?: { securityContext: object; resources: { requests: object } }[]
      }
    for (const { securityContext, containers, initContainers = [] } of [spec('client'), spec('server')]) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      for (const container of [...containers, ...initContainers]) {
        const denied = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
        expect(container.securityContext).toEqual(denied)
        expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory'])
      }
    }
  })

  it('opens only the ports that loads use', () => {
    const ports = (loads: Load[]) => {
      const service = workloadFor({ ...about, loads }).lasting.find(({ kind }) => kind === 'Service')
      const spec = service?.['spec'] as { ports: { name: string }[] } | undefined
      return spec?.ports.map(({ name }) => name)
    }
    expect(ports([load()])).toEqual(['http'])
    expect(ports([load({ protocol: 'tcp' }), load({ protocol: 'grpc' })])).toEqual(['grpc', 'tcp'])
  })

  it('is enrolled: the namespace and the pods, each as the mesh wants', () => {
    const enrolment = { ...none, labels: { a: '1' }, annotations: { b: '2' }, podAnnotations: { c: '3' } }
    const { lasting } = workloadFor({ ...about, enrolment })
    expect(lasting[0]).toMatchObject({ kind: 'Namespace', metadata: { labels: { a: '1' }, annotations: { b: '2' } } })
    expect(pod('client', { enrolment }).metadata?.annotations).toEqual({ c: '3' })
  })

  it('puts client and server where the arm says', () => {
    expect(pod('client').spec.nodeSelector).toEqual({ 'meshbench.io/part': 'client' })
    const arm = { name: 'near', mesh: 'none', placement: 'same-node' }
    expect(pod('client', { arm }).spec.nodeSelector).toEqual({ 'meshbench.io/part': 'server' })
  })

  it('has as many servers as the arm has replicas, alike but for their names', () => {
    const { pods } = workloadFor({ ...about, arm: { name: 'twelve', mesh: 'none', replicas: 12 } })
    const servers = pods.filter(({ metadata }) => metadata.labels?.['app'] === 'server')
    expect(pods).toHaveLength(13)
    expect(new Set(servers.map(({ metadata }) => metadata.name)).size).toBe(12)
    expect(servers.map(({ metadata }) => metadata.name).slice(0, 2)).toEqual(['server', 'server-2'])
    const [one] = pod('server').spec.containers
    expect(one?.resources).toEqual({ requests: { cpu: '200m', memory: '32Mi' } })
    const spec = {
      ...pod('server').spec,
      containers: [{ ...one, resources: { requests: { cpu: '17m', memory: '32Mi' } } }],
    }
    for (const server of servers) expect(server['spec']).toEqual(spec)
  })

  it('asks for CPU for the load generator, the same beside every mesh', () => {
    const { containers } = pod('client', { loads: [load({ tool: 'k6' })] }).spec
    const asked = containers.map(({ name, resources }) => [name, resources?.requests.cpu])
    expect(asked).toEqual([
      ['fortio', '500m'],
      ['k6', '500m'],
      ['files', '1m'],
    ])
  })

  it('holds answers back where an effect is injected, at the server only', () => {
    const arm = { name: 'slow', mesh: 'none', inject: { delay: 0.0015 } }
    expect(pod('server', { arm }).spec.containers[0]?.args).toContain('-echo-server-default-params=delay=1500us')
    expect(JSON.stringify(pod('client', { arm }))).not.toContain('1500us')
  })
})

describe('endpoints', () => {
  it('are each protocol once, with an address that the load tools understand', () => {
    expect(endpointsOf([load(), load(), load({ protocol: 'grpc' })])).toEqual(['http', 'grpc'])
    expect(targetOf('http', 'bench')).toBe('http://server.bench.svc.cluster.local:8080/')
    expect(targetOf('grpc', 'bench')).toBe('server.bench.svc.cluster.local:8079')
    expect(targetOf('tcp', 'other')).toBe('tcp://server.other.svc.cluster.local:8078')
  })

  it('that the mesh does not carry are refused', () => {
    const arm = { name: 'waypoint', mesh: 'istio-ambient-waypoint', carries: ['http' as const] }
    expect(() => refuseEndpoint(load(), arm)).not.toThrow()
    expect(() => refuseEndpoint(load({ protocol: 'tcp' }), arm)).toThrow('does not carry tcp')
  })
})

describe('placement', () => {
  const fact = (app: string, node: PodFact['node']) =>
    ({ namespace: 'bench', labels: { app }, node }) as unknown as PodFact

  it('holds only where client and server really are where they were asked to be', () => {
    const apart = [fact('client', 'client'), fact('server', 'server')]
    const together = [fact('client', 'server'), fact('server', 'server')]
    expect(placement(apart, 'cross-node', 'bench').holds).toBe(true)
    expect(placement(together, 'cross-node', 'bench').holds).toBe(false)
    expect(placement(together, 'same-node', 'bench').holds).toBe(true)
    expect(placement(apart, 'same-node', 'bench').holds).toBe(false)
    expect(placement([fact('client', 'client')], 'cross-node', 'bench').holds).toBe(false)
  })
})
