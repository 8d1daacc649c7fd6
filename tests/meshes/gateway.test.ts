import { describe, expect, it } from 'vitest'
import { gatewayOf } from '../../src/meshes/gateway-of.ts'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import { parsePrometheus } from '../../src/meshes/prometheus.ts'
import type { Counters, PodFact } from '../../src/model/mesh.ts'
import { edges, podFacts } from './captured.ts'

function behind(name: string) {
  const mesh = meshes[name]
  const gateway = mesh?.kubernetes?.gateway
  if (!mesh || !gateway) throw new Error(`${name} has no gateway`)
  return { kubernetes: gateway.behind([]), about: installAbout(mesh, 'equalised', { name }, {}) }
}

function prove(name: string, counters: Counters) {
  const { kubernetes, about } = behind(name)
  const { evidence, carried } = kubernetes.prove(counters, about)
  return { carried, of: (wanted: string) => evidence.find((one) => one.name === wanted) }
}

/** A gateway that passed so many requests on, by the counters that the lab's Envoy has. */
function gateway(requests: number): Counters[string][number] {
  const text = (count: number) =>
    `envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} ${count}\nenvoy_server_concurrency{} 2\n`
  return {
    pod: 'gateway',
    node: 'server',
    before: parsePrometheus(text(7)),
    after: parsePrometheus(text(7 + requests)),
  }
}

describe('which arms have a gateway before them', () => {
  it.each([
    ['istio-sidecar', { entrance: 'gateway' }, true],
    ['istio-sidecar', {}, false],
    ['none', { entrance: 'gateway' }, false],
    ['linkerd', { entrance: 'gateway' }, false],
  ] as const)('%s %o: %s', (mesh, arm, isBehind) => {
    expect(gatewayOf({ mesh, ...arm }) !== undefined).toBe(isBehind)
  })
})

describe('sidecars behind the gateway', () => {
  const captured = edges('istio-sidecar/gateway-http')
  const inbound = (requests: number) =>
    `envoy_http_downstream_rq_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} ${requests}\nenvoy_server_concurrency{} 2\n`
  const server = {
    ...{ pod: 'server', node: 'server' as const },
    before: parsePrometheus(inbound(410)),
    after: parsePrometheus(inbound(914)),
  }

  it('prove the way from the gateway to the server, under mutual TLS', () => {
    const { carried, of } = prove('istio-sidecar', { gateway: [captured], 'server-proxy': [server] })
    expect(carried).toEqual({ requests: 504 })
    expect(of('mtls')).toMatchObject({
      holds: true,
      seen: expect.stringMatching(/^server-proxy: .*, 0 requests without/),
    })
    expect(of('path')).toMatchObject({
      holds: true,
      seen: expect.stringMatching(/^gateway: \d+ requests → server-proxy/),
    })
    expect(of('threads')).toMatchObject({
      holds: true,
      seen: 'gateway: 2 worker threads, server-proxy: 2 worker threads',
    })
  })

  it('do not prove mutual TLS where the gateway speaks without', () => {
    const connections = (all: number, tls: number) =>
      ['cx_total', 'cx_ssl_total']
        .map(
          (name, index) =>
            `envoy_http_downstream_${name}{http_conn_manager_prefix="inbound_0.0.0.0_8080"} ${index === 0 ? all : tls}\n`,
        )
        .join('')
    const plain = (fresh: number) => ({
      ...server,
      before: parsePrometheus(inbound(410) + connections(4, 4)),
      after: parsePrometheus(inbound(914) + connections(8, 8 - fresh)),
    })
    const holds = (fresh: number) =>
      prove('istio-sidecar', { gateway: [captured], 'server-proxy': [plain(fresh)] }).of('mtls')?.holds
    expect([holds(0), holds(4)]).toEqual([true, false])
  })

  it('do not prove a way around the gateway', () => {
    const past = prove('istio-sidecar', { gateway: [gateway(3)], 'server-proxy': [server] })
    expect(past.of('path')?.holds).toBe(false)
    expect(prove('istio-sidecar', { 'server-proxy': [server] }).of('path')?.holds).toBe(false)
  })
})

const ztunnel = (labels: string, connections: number, bytes: number) => {
  const own = `reporter="destination",${labels},destination_workload_namespace="bench",destination_app="server",connection_security_policy="mutual_tls"`
  return `istio_tcp_connections_opened_total{${own}} ${connections}\nistio_tcp_sent_bytes_total{${own}} ${bytes}\n`
}
const tunnels = (from: string): Counters[string][number] => ({
  ...{ pod: 'ztunnel', node: 'server' },
  before: parsePrometheus(ztunnel(`source_app="${from}"`, 0, 0)),
  after: parsePrometheus(ztunnel(`source_app="${from}"`, 4, 600_000)),
})

describe('ambient behind the gateway', () => {
  it('proves the tunnel from the gateway to the server, and carries what the gateway read', () => {
    const { carried, of } = prove('istio-ambient', { gateway: [gateway(500)], ztunnel: [tunnels('gateway-istio')] })
    expect(carried).toEqual({ requests: 500 })
    expect(of('mtls')?.holds).toBe(true)
    expect(of('path')?.holds).toBe(true)
    expect(prove('istio-ambient', { ztunnel: [tunnels('client')] }).of('path')?.holds).toBe(false)
  })

  it('with a waypoint is seen to go past it, which gateways do unless they are told', () => {
    const waypoint = {
      ...gateway(0),
      after: parsePrometheus('envoy_http_downstream_rq_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 500\n'),
    }
    const counters = { gateway: [gateway(500)], waypoint: [waypoint] }
    expect(prove('istio-ambient-waypoint', { ...counters, ztunnel: [tunnels('waypoint')] }).of('path')?.holds).toBe(
      true,
    )
    const past = prove('istio-ambient-waypoint', { ...counters, ztunnel: [tunnels('gateway-istio')] }).of('path')
    expect(past).toMatchObject({ holds: false, seen: expect.stringContaining('past the waypoint') })
  })
})

describe('what pods show', () => {
  const pods = podFacts('istio-sidecar/pods-gateway.json')
  const seen = (all: readonly PodFact[]) => {
    const { kubernetes, about } = behind('istio-sidecar')
    return Object.fromEntries(kubernetes.inspect(all, about).map((one) => [one.name, one]))
  }
  const changed = (of: (pod: PodFact) => Partial<PodFact>) => pods.map((pod) => ({ ...pod, ...of(pod) }))

  it('the server in the mesh, the client outside of it, and the gateway on the node of the server', () => {
    const found = seen(pods)
    expect(found['enrolled']).toMatchObject({ holds: true, seen: 'server: istio-proxy' })
    expect(found['outside']).toMatchObject({ holds: true, seen: 'client: no proxy' })
    expect(found['gateway']).toMatchObject({
      holds: true,
      seen: expect.stringMatching(/^on the server node, 2 cores and 1 GiB, gateway: .*proxyv2/),
    })
  })

  it('a gateway that stands elsewhere, or is missing, or has other limits, is none', () => {
    const isGateway = ({ labels }: PodFact) => 'gateway.networking.k8s.io/gateway-name' in labels
    expect(seen(changed((pod) => (isGateway(pod) ? { node: 'client' } : {})))['gateway']?.holds).toBe(false)
    expect(seen(pods.filter((pod) => !isGateway(pod)))['gateway']).toMatchObject({ holds: false })
    const larger = changed(({ containers }) => ({ containers: containers.map((one) => ({ ...one, cpuLimit: 4 })) }))
    expect(seen(larger)['gateway']?.holds).toBe(false)
  })

  it('a client that is in the mesh after all', () => {
    const [sidecar] = pods.find(({ labels }) => labels['app'] === 'server')?.containers ?? []
    if (!sidecar) throw new Error('no sidecar')
    const inside = changed(({ labels, containers }) =>
      labels['app'] === 'client' ? { containers: [...containers, { ...sidecar, name: 'istio-proxy' }] } : {},
    )
    expect(seen(inside)['outside']).toMatchObject({ holds: false, seen: 'client: istio-proxy' })
  })
})
