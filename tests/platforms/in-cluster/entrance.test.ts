import { describe, expect, it } from 'vitest'
import type { Arm, Load } from '../../../src/model/scenario.ts'
import { addressOf, armMesh, entranceEvidence, imagesOfArm } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import { graphEntrance, graphManifests } from '../../../src/platforms/in-cluster/graph-application.ts'
import { workloadFor } from '../../../src/platforms/in-cluster/workload.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { loadOf, scenarioOf } from '../../build/scenario.ts'

const loads = (['http', 'http2', 'grpc'] as const).map((protocol) => loadOf({ name: protocol, protocol }))
const [http, http2, grpc] = loads as [Load, Load, Load]
const arm: Arm = { name: 'istio-sidecar', mesh: 'istio-sidecar', entrance: 'gateway' }
const { entrance: _, ...own } = arm
const none: Arm = { name: 'none', mesh: 'none' }
const scenario = scenarioOf({ platform: 'kind', arms: [none, arm], loads })
const behind = armMesh(arm, scenario, PUBLIC_SITE)
const HOST = 'gateway-istio.bench.svc.cluster.local'

const node = { calls: [], order: 'parallel', answer: 1024, delay: 0, replicas: 1 } as const
const graph = { front: { ...node, calls: ['cart'] }, cart: node }
const application = { entrance: graphEntrance(graph), ...graphManifests(graph, 'fortio') }

describe('load that enters by a gateway', () => {
  it('is sent to it, each port of the Service by a port of its own', () => {
    expect(loads.map((load) => addressOf(behind, load))).toEqual([
      `http://${HOST}:8080/`,
      `http://${HOST}:8081/`,
      `${HOST}:8082`,
    ])
    expect(behind.gateway?.backends.map(({ port }) => port)).toEqual([8080, 8081, 8079])
  })

  it('comes to the Service of an arm without a mesh directly, and the evidence says so', () => {
    const direct = armMesh(none, scenario, PUBLIC_SITE)
    expect(addressOf(direct, http)).toBe('http://server.bench.svc.cluster.local:8080/')
    expect(entranceEvidence(direct, scenario)[0]?.seen).toContain('asked directly: without a mesh')
    expect(entranceEvidence(behind, scenario)[0]?.seen).toContain("Istio's gateway")
    expect(entranceEvidence(direct, scenarioOf({ arms: [none] }))).toEqual([])
  })

  it('reaches each service of a graph that is asked, and its entrance for the first question', () => {
    const asking = [loadOf({ name: 'cart', service: 'cart' })]
    const of = armMesh(arm, { ...scenario, loads: asking }, PUBLIC_SITE, application)
    expect(addressOf(of, { protocol: 'http' })).toBe(`http://${HOST}:8080/`)
    expect(addressOf(of, asking[0] as Load)).toBe(`http://${HOST}:8081/`)
    const routes = of.kubernetes.enrol(of.about).objects.filter(({ kind }) => kind === 'HTTPRoute')
    expect(routes.map(({ spec }) => (spec as { rules: unknown[] }).rules[0])).toEqual([
      { backendRefs: [{ name: 'front', port: 8080 }] },
      { backendRefs: [{ name: 'cart', port: 8080 }] },
    ])
  })

  it('cannot ask more services than a gateway has ports', () => {
    const many = Array.from({ length: 64 }, (_, index) => loadOf({ name: `s${index}`, service: `s${index}` }))
    expect(() => armMesh(arm, { ...scenario, loads: many }, PUBLIC_SITE, application)).toThrow('a gateway has 64')
    expect(() => armMesh(arm, { ...scenario, loads: many.slice(1) }, PUBLIC_SITE, application)).not.toThrow()
  })

  it('comes from a client that is not enrolled', () => {
    const { kubernetes, about } = behind
    const images = { fortio: 'fortio', k6: 'k6', busybox: 'busybox' }
    const labelsOf = (enrolment: ReturnType<typeof kubernetes.enrol>) =>
      workloadFor({ arm, loads, images, enrolment, run: 'run', namespace: 'bench' }).pods.map(({ metadata }) => [
        metadata.name,
        metadata.labels?.['sidecar.istio.io/inject'],
      ])
    expect(labelsOf(kubernetes.enrol(about))).toEqual([
      ['server', undefined],
      ['client', 'false'],
    ])
    const within = armMesh(own, scenario, PUBLIC_SITE)
    expect(labelsOf(within.kubernetes.enrol(within.about))[1]).toEqual(['client', undefined])
  })

  it('needs the image of the gateway on the node where it stands', () => {
    const ambient: Arm = { name: 'ambient', mesh: 'istio-ambient', entrance: 'gateway' }
    const { entrance: __, ...within } = ambient
    const proxies = (of: Arm) =>
      imagesOfArm(armMesh(of, scenario, PUBLIC_SITE), PUBLIC_SITE, loads).filter(({ name }) => name.includes('proxyv2'))
    expect(proxies(ambient)).toMatchObject([{ on: ['server'] }])
    expect(proxies(within)).toEqual([])
    expect(proxies(arm)).toHaveLength(1)
  })

  it('may be of http and of grpc, and not of tcp', () => {
    expect(behind.kubernetes.protocols).toEqual([http.protocol, http2.protocol, grpc.protocol])
  })
})
