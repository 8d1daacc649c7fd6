import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import { parsePrometheus } from '../../src/meshes/prometheus.ts'
import type { Counters } from '../../src/model/mesh.ts'
import { edges } from './captured.ts'

function prove(name: string, counters: Counters, values: Record<string, unknown> = {}) {
  const mesh = meshes[name]
  if (!mesh?.kubernetes) throw new Error(`${name} is no mesh for a cluster`)
  const { evidence, carried } = mesh.kubernetes.prove(counters, installAbout(mesh, 'equalised', { name, values }, {}))
  const of = (wanted: string) => evidence.find((one) => one.name === wanted)
  return { carried, mtls: of('mtls'), path: of('path'), threads: of('threads'), of }
}

function made(before: string, after: string): Counters[string][number] {
  return { pod: 'made', node: 'server', before: parsePrometheus(before), after: parsePrometheus(after) }
}

const client = edges('istio-sidecar/client-http')
const server = edges('istio-sidecar/server-http')

describe('Istio sidecars prove mutual TLS', () => {
  it("by Envoy's counters: 1,483 requests and 8 of warm-up", () => {
    const { carried, mtls, path, threads, of } = prove('istio-sidecar', {
      'client-proxy': [client],
      'server-proxy': [server],
    })
    expect(carried).toEqual({ requests: 1491 })
    expect(mtls).toMatchObject({ holds: true, source: "Envoy's counters" })
    expect(mtls?.seen).toBe('server-proxy: 1,491 requests under mutual TLS, 0 requests without.')
    expect(path).toMatchObject({ holds: true, seen: 'client-proxy: 1,491 requests → server-proxy: 1,491 requests' })
    expect(threads).toMatchObject({
      holds: true,
      seen: 'client-proxy: 2 worker threads, server-proxy: 2 worker threads',
    })
    expect(of('cipher')?.seen).toBe('TLS_AES_128_GCM_SHA256, TLSv1_3, X25519MLKEM768')
    expect(of('retried')?.seen).toBe('0 requests in the window')
  })

  it('of TCP by connections and the bytes of the answers', () => {
    const { carried, mtls, path } = prove('istio-sidecar', {
      'client-proxy': [edges('istio-sidecar/client-http', 'istio-sidecar/client-tcp')].map(afterHttp(client)),
      'server-proxy': [edges('istio-sidecar/server-http', 'istio-sidecar/server-tcp')].map(afterHttp(server)),
    })
    expect(carried).toEqual({ connections: 4, bytes: 604_000 })
    expect(mtls?.holds).toBe(true)
    expect(path?.holds).toBe(true)
  })

  it('not of TCP that came around the proxy of the client', () => {
    const tcp = (accepted: number, bytes: number) =>
      `envoy_tcp_downstream_cx_tx_bytes_total{tcp_prefix="inbound|8078||"} ${bytes}\n` +
      `envoy_listener_downstream_cx_total{listener_address="0.0.0.0_15006"} ${accepted}\n` +
      'envoy_listener_ssl_handshake{listener_address="0.0.0.0_15006"} 4\n'
    const holds = (accepted: number) =>
      prove('istio-sidecar', { 'server-proxy': [made(tcp(accepted, 100), tcp(accepted, 900))] }).mtls?.holds
    expect(holds(4)).toBe(true)
    expect(holds(5)).toBe(false)
  })

  it('and a client without a proxy disproves it', () => {
    const { mtls, path } = prove('istio-sidecar', { 'server-proxy': [edges('istio-sidecar/server-plain')] })
    expect(mtls?.holds).toBe(false)
    expect(mtls?.seen).toContain('4 requests without')
    expect(path?.holds).toBe(false)
  })

  it('not with a plain connection that the warm-up left open', () => {
    const open = (requests: number) =>
      [
        `envoy_http_downstream_rq_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} ${requests}`,
        'envoy_http_downstream_cx_active{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 2',
        'envoy_http_downstream_cx_ssl_active{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 1',
      ].join('\n')
    expect(prove('istio-sidecar', { 'server-proxy': [made(open(10), open(60))] }).mtls?.holds).toBe(false)
  })

  it("by Istio's own telemetry before Envoy's counters", () => {
    const told = (tls: number, plain: number) =>
      `istio_requests_total{reporter="destination",connection_security_policy="mutual_tls"} ${tls}\n` +
      `istio_requests_total{reporter="destination",connection_security_policy="none"} ${plain}\n` +
      `istio_requests_total{reporter="source",connection_security_policy="unknown"} ${tls + plain}\n`
    const clean = prove('istio-sidecar', { 'server-proxy': [made(told(5, 3), told(205, 3))] })
    expect(clean.mtls).toMatchObject({ holds: true, source: "Istio's telemetry" })
    expect(clean.carried).toEqual({ requests: 200 })
    expect(prove('istio-sidecar', { 'server-proxy': [made(told(5, 3), told(205, 4))] }).mtls?.holds).toBe(false)
  })

  it('of TCP by the same telemetry', () => {
    const told = (opened: number, bytes: number, policy: string) =>
      `istio_tcp_connections_opened_total{reporter="destination",connection_security_policy="${policy}"} ${opened}\n` +
      `istio_tcp_sent_bytes_total{reporter="destination",connection_security_policy="${policy}"} ${bytes}\n`
    const clean = prove('istio-sidecar', { 'server-proxy': [made('', told(4, 900, 'mutual_tls'))] })
    expect(clean.carried).toEqual({ connections: 4, bytes: 900 })
    expect(clean.mtls?.holds).toBe(true)
    const old = prove('istio-sidecar', { 'server-proxy': [made(told(4, 100, 'none'), told(4, 900, 'none'))] })
    expect(old.mtls?.holds).toBe(false)
  })

  it('not when nothing was counted or nothing could be read', () => {
    const unasked = prove('istio-sidecar', { 'server-proxy': [edges('istio-sidecar/server-unasked')] })
    expect(unasked.mtls?.holds).toBe(false)
    expect(prove('istio-sidecar', {}).mtls).toMatchObject({
      holds: false,
      seen: expect.stringContaining('could be read'),
    })
  })

  it('and other threads than asked for are seen', () => {
    const counters = { 'client-proxy': [client], 'server-proxy': [server] }
    expect(prove('istio-sidecar', counters, { concurrency: 4 }).threads?.holds).toBe(false)
    expect(prove('istio-sidecar', counters, { concurrency: 0 }).threads).not.toHaveProperty('holds')
  })
})

/** The TCP load began where the HTTP load had ended. */
function afterHttp(http: Counters[string][number]) {
  return (both: Counters[string][number]) => ({ ...both, before: http.after })
}

describe('Istio ambient proves mutual TLS', () => {
  const ztunnel = edges('istio-ambient/ztunnel')

  it("by both ends of ztunnel's telemetry: 3,008 answers of 75 bytes", () => {
    const { carried, mtls, path, threads } = prove('istio-ambient', { ztunnel: [ztunnel] })
    expect(carried).toEqual({ connections: 8, bytes: 3008 * 75 })
    expect(mtls).toMatchObject({ holds: true, source: "Istio's telemetry" })
    expect(path?.holds).toBe(true)
    expect(threads).toMatchObject({ holds: true, seen: 'ztunnel: 2 worker threads' })
  })

  it('not for what reached the server outside of the tunnel', () => {
    const outside = { ...ztunnel, after: ztunnel.after.map(inPlain) }
    expect(prove('istio-ambient', { ztunnel: [outside] }).mtls?.holds).toBe(false)
  })

  it('not for what other pods sent, nor for an idle window', () => {
    const elsewhere = ztunnel.after.map((sample) => ({
      ...sample,
      labels: { ...sample.labels, destination_app: 'other' },
    }))
    expect(prove('istio-ambient', { ztunnel: [{ ...ztunnel, after: elsewhere }] }).mtls?.holds).toBe(false)
    expect(prove('istio-ambient', { ztunnel: [{ ...ztunnel, before: ztunnel.after }] }).mtls?.holds).toBe(false)
    expect(prove('istio-ambient', {}).mtls?.holds).toBe(false)
  })
})

function inPlain<One extends { readonly labels: Readonly<Record<string, string>> }>(sample: One): One {
  return 'connection_security_policy' in sample.labels
    ? { ...sample, labels: { ...sample.labels, connection_security_policy: 'unknown' } }
    : sample
}

describe('a waypoint', () => {
  const ztunnel = edges('istio-ambient-waypoint/ztunnel')
  const silent = edges('istio-ambient-waypoint/waypoint')

  it('is on the way, with mutual TLS on both legs', () => {
    const { carried, mtls, path } = prove('istio-ambient-waypoint', { ztunnel: [ztunnel], waypoint: [silent] })
    // 2,997 answers and 8 of warm-up, of 198 bytes but for three headers that are longer.
    expect(carried).toEqual({ connections: 8, bytes: 3005 * 198 + 3 })
    expect(mtls?.holds).toBe(true)
    expect(path).toMatchObject({ holds: true })
    expect(path?.seen).toContain('ztunnel of the client: 8 new connections')
  })

  it('counts requests where it is asked to', () => {
    const envoy = (requests: number) =>
      `envoy_http_downstream_rq_total{http_conn_manager_prefix="inbound_0.0.0.0_8080"} ${requests}\nenvoy_server_concurrency{} 2\n`
    const { carried, path, threads } = prove('istio-ambient-waypoint', {
      ztunnel: [ztunnel],
      waypoint: [made(envoy(10), envoy(3015))],
    })
    expect(carried).toEqual({ requests: 3005 })
    expect(path?.seen).toContain('waypoint: 3,005 requests')
    expect(threads?.seen).toBe('ztunnel: 2 worker threads, waypoint: 2 worker threads')
  })

  it('that is gone around is noticed', () => {
    const { path } = prove('istio-ambient-waypoint', { ztunnel: [edges('istio-ambient/ztunnel')], waypoint: [silent] })
    expect(path?.holds).toBe(false)
    expect(path?.seen).toContain('past the waypoint')
  })
})

describe('Linkerd proves mutual TLS', () => {
  const onOneCpu = (name: string) => ({ ...edges(name), cpus: 1 })
  const counters = { 'client-proxy': [onOneCpu('linkerd/client')], 'server-proxy': [onOneCpu('linkerd/server')] }

  it('by the requests of the server: 3,000 and 8 of warm-up', () => {
    const { carried, mtls, path, threads, of } = prove('linkerd', counters)
    expect(carried).toEqual({ requests: 3008 })
    expect(mtls).toMatchObject({
      holds: true,
      seen: 'server-proxy: 3,008 requests under mutual TLS, 0 requests without.',
    })
    expect(path?.seen).toBe('client-proxy: 3,008 requests → server-proxy: 3,008 requests')
    expect(threads).toMatchObject({ holds: true, seen: 'client-proxy: 1 worker thread, server-proxy: 1 worker thread' })
    expect(of('identity')?.seen).toBe('default.bench.serviceaccount.identity.linkerd.cluster.local')
  })

  const rq = (labels: string, value: number) =>
    `request_total{direction="inbound",target_port="8080",${labels}} ${value}\n`
  const id = 'client_id="client.bench.serviceaccount.identity.linkerd.cluster.local"'
  const inbound = (text: string) => prove('linkerd', { 'server-proxy': [made('', text)] })

  it('not with a request in plain text, or of another namespace', () => {
    const clean = rq(`tls="true",${id}`, 100)
    expect(inbound(clean).mtls?.holds).toBe(true)
    expect(inbound(clean + rq('tls="no_identity"', 1)).mtls?.holds).toBe(false)
    expect(inbound(clean + rq('tls="true",client_id="x.other.serviceaccount.identity.linkerd.y"', 1)).mtls?.holds).toBe(
      false,
    )
  })

  it("whatever the kubelet's probes do", () => {
    for (const kind of ['', ',route_kind="default"']) {
      const probed = rq(`tls="true",${id}`, 100) + rq(`tls="no_identity",route_name="probe"${kind}`, 9)
      expect(inbound(probed)).toMatchObject({ carried: { requests: 100 }, mtls: { holds: true } })
    }
  })

  it('by a route of the user that has the name of the kubelet’s', () => {
    const routed = rq(`tls="true",${id},route_kind="HTTPRoute",route_name="probe"`, 100)
    expect(inbound(routed)).toMatchObject({ carried: { requests: 100 }, mtls: { holds: true } })
  })

  it('of requests that it was told to pass on unread by connections and bytes: no proof of L7', () => {
    const unread = (name: string) => {
      const { before, after, ...pod } = onOneCpu(name)
      const opaque = (samples: typeof after) => samples.filter(({ name }) => name !== 'request_total')
      return { ...pod, before: opaque(before), after: opaque(after) }
    }
    const server = [unread('linkerd/server')]
    const { carried } = prove('linkerd', { 'client-proxy': [unread('linkerd/client')], 'server-proxy': server })
    expect(carried).toEqual({ connections: 1, bytes: 48_357 })
  })

  it('of opaque TCP by connections and bytes', () => {
    const tcp = (name: string, port: number, tls: string, value: number) =>
      `tcp_${name}_total{direction="inbound",peer="src",target_port="${port}",${tls}} ${value}\n`
    const text =
      tcp('open', 8078, `tls="true",${id}`, 4) +
      tcp('write_bytes', 8078, `tls="true",${id}`, 604_000) +
      tcp('open', 8080, 'tls="no_identity"', 3)
    expect(inbound(text)).toMatchObject({ carried: { connections: 4, bytes: 604_000 }, mtls: { holds: true } })
    expect(inbound(text + tcp('open', 8078, 'tls="no_identity"', 1)).mtls?.holds).toBe(false)
  })

  it.each([
    { workers: 3, cpus: 4, holds: false },
    { workers: 2, cpus: 4, holds: true },
    { workers: 1, cpus: 1, holds: true },
    // It was told 2 and could have had them: somebody else's setting is in force.
    { workers: 1, cpus: 4, holds: false },
    { workers: 1, cpus: undefined, holds: false },
  ])('$workers of 2 threads that were asked for, with $cpus CPUs: $holds', ({ workers, cpus, holds }) => {
    const seen = made('', `tokio_rt_workers ${workers}`)
    const pod = cpus === undefined ? seen : { ...seen, cpus }
    expect(prove('linkerd', { 'server-proxy': [pod] }).threads?.holds).toBe(holds)
  })
})

describe('Kuma', () => {
  it("proves mutual TLS by Envoy's counters, as its documentation names them", () => {
    const envoy = (requests: number, ssl: number) =>
      ['rq_total', 'cx_total', 'cx_ssl_total']
        .map((name, at) => {
          const value = [requests, 4, ssl][at]
          return `envoy_http_downstream_${name}{envoy_http_conn_manager_prefix="localhost_8080"} ${value}`
        })
        .join('\n')
    const proven = prove('kuma', { 'server-proxy': [made('', envoy(100, 4))] })
    expect(proven).toMatchObject({ carried: { requests: 100 }, mtls: { holds: true } })
    expect(prove('kuma', { 'server-proxy': [made('', envoy(100, 3))] }).mtls?.holds).toBe(false)
  })
})

describe('no mesh', () => {
  it('proves nothing and claims nothing', () => {
    expect(prove('none', {}).carried).toBeUndefined()
    expect(prove('none', {}).mtls).toBeUndefined()
  })
})

describe('connections between the proxies', () => {
  it('are what the captured proxies had open', () => {
    const sidecars = prove('istio-sidecar', { 'client-proxy': [client], 'server-proxy': [server] })
    expect(sidecars.of('connections')?.seen).toBe('8 connections between the proxies')
    const proxies = { 'client-proxy': [edges('linkerd/client')], 'server-proxy': [edges('linkerd/server')] }
    const multiplexed = '1 connection between the proxies: HTTP/2, requests side by side on each'
    expect(prove('linkerd', proxies).of('connections')?.seen).toBe(multiplexed)
    const tunnels = "1 connection into the ztunnels: HBONE, the client's connections side by side on each"
    expect(prove('istio-ambient', { ztunnel: [edges('istio-ambient/ztunnel')] }).of('connections')?.seen).toBe(tunnels)
  })

  it("are told with their protocol where the client's Envoy counts them: those that this load used", () => {
    const cluster = (port: number, service: string) =>
      `cluster_name="outbound|${port}||${service}.bench.svc.cluster.local"`
    const counted = (port: number, service: string, open: number, protocol: string, bytes: number) =>
      `envoy_cluster_upstream_cx_active{${cluster(port, service)}} ${open}\n` +
      `envoy_cluster_upstream_cx_${protocol}_total{${cluster(port, service)}} ${open + 2}\n` +
      `envoy_cluster_upstream_cx_rx_bytes_total{${cluster(port, service)}} ${bytes}\n`
    // The load before this one was at another port.
    const earlier = counted(8081, 'server', 1, 'http2', 4096) + counted(8080, 'server', 0, 'http1', 512)
    const now = counted(8081, 'server', 1, 'http2', 4096) + counted(8080, 'server', 16, 'http1', 8192)
    const asked = made(earlier, now + counted(8080, 'other', 3, 'http1', 8192))
    const { of } = prove('istio-sidecar', { 'client-proxy': [asked], 'server-proxy': [server] })
    const pooled = '16 connections between the proxies: HTTP/1.1, one request at a time on each'
    expect(of('connections')?.seen).toBe(pooled)
  })
})

/** Not captured: Cilium has never run here. The name is that of `StatPrefix` in Cilium's source, the rest is Envoy's. */
describe('Cilium proves WireGuard', () => {
  const envoy = (
    requests: number,
  ) => `envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="proxy"} ${requests}
envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="envoy-prometheus-metrics-listener"} 7
envoy_server_concurrency{} 2
`
  const bytes = (name: string, sent: number) => `${name} ${sent}\n`
  const counted = (requests: number, sent: number): Counters => ({
    envoy: [made(envoy(10), envoy(10 + requests)), { ...made(envoy(0), envoy(500)), node: 'client' }],
    cilium_wg0: [
      made(bytes('transmit_bytes', 1000), bytes('transmit_bytes', 1000 + sent)),
      { ...made(bytes('receive_bytes', 5000), bytes('receive_bytes', 5000 + sent)), node: 'client' },
    ],
  })

  it("by the requests that Envoy read on the server's node, and the bytes of the tunnel", () => {
    const { carried, of, threads } = prove('cilium', counted(1000, 1_200_000), { concurrency: 2 })
    expect(carried).toEqual({ requests: 1000 })
    expect(of('wireguard')).toMatchObject({ holds: true })
    expect(of('wireguard')?.seen).toContain('for 1,000 requests')
    expect(threads?.holds).toBe(true)
  })

  it('not where requests went past the tunnel, past Envoy, or were not counted', () => {
    expect(prove('cilium', counted(1000, 4000)).of('wireguard')?.holds).toBe(false)
    expect(prove('cilium', counted(0, 1_200_000)).of('wireguard')?.holds).toBe(false)
    expect(prove('cilium', {}).of('wireguard')?.holds).toBe(false)
  })
})
