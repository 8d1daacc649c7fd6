import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { meshes } from '../../../src/meshes/index.ts'
import type { ProcessProxy } from '../../../src/model/mesh.ts'
import type { Evidence } from '../../../src/model/usage.ts'
import {
  type Counters,
  kinds,
  parseConfigDump,
  parseCounters,
  parseListeners,
  parseServerInfo,
  total,
} from '../../../src/platforms/local/envoy/envoy-admin.ts'
import { carriedByChain, evidenceOf, type Hop } from '../../../src/platforms/local/envoy/envoy-evidence.ts'

const captured = (name: string) => readFileSync(new URL(`../../captured/envoy/${name}`, import.meta.url), 'utf8')
const counters = (name: string) => parseCounters(captured(`${name}.txt`))
const EQUALISED = { concurrency: 2, accessLog: false, retries: 0 }

function hops(arm: string): Hop[] {
  return (meshes[arm]?.processes?.proxies ?? []).map((proxy: ProcessProxy) => ({
    proxy,
    info: { version: '1.40.0', threads: 2 },
    inForce: { accessLogs: 0, retries: 0 },
    before: counters(`${arm}.${proxy.name}.before`),
    after: counters(`${arm}.${proxy.name}.after`),
  }))
}

/** The same chain, with one counter of its last proxy set at the closing snapshot. */
function tampered(arm: string, name: string, value: number): Hop[] {
  return hops(arm).map((hop, index, all) =>
    index < all.length - 1 ? hop : { ...hop, after: new Map([...hop.after, [name, value]]) },
  )
}

function find(evidence: readonly Evidence[], name: string): Evidence {
  const found = evidence.find((one) => one.name === name)
  if (!found) throw new Error(`no evidence of ${name}`)
  return found
}

const judge = (chain: readonly Hop[], name: string) => find(evidenceOf(chain, EQUALISED), name)

describe('counters', () => {
  it('are read from what Envoy writes', () => {
    const read = counters('envoy-sidecar.server-proxy.after')
    expect(read.get('listener.http.ssl.handshake')).toBe(4)
    expect(total(read, /^listener\..*\.ssl\.handshake$/)).toBe(4)
    expect(kinds(read, /^listener\..*\.ssl\.ciphers\.(.+)$/)).toEqual(['TLS_AES_128_GCM_SHA256'])
  })

  it('leave histograms and text out', () => {
    const text = 'a.b: 12\nserver.x: P0(nan,1) P25(nan,2)\nno stats\nc.d_ms: No recorded values\n'
    expect([...parseCounters(text)]).toEqual([['a.b', 12]])
  })
})

describe('what a chain carried', () => {
  it('is requests where the proven hop reads them', () => {
    expect(carriedByChain(hops('envoy-sidecar'))).toEqual({ requests: 200 })
    expect(carriedByChain(hops('envoy-node-waypoint'))).toEqual({ requests: 200 })
  })

  it('is connections and bytes of answers where it does not', () => {
    const { requests, connections, bytes } = carriedByChain(hops('envoy-node')) ?? {}
    expect(requests).toBeUndefined()
    expect(connections).toBe(4)
    expect(bytes).toBeGreaterThan(200 * 50)
  })
})

describe.each(['envoy-sidecar', 'envoy-node', 'envoy-node-waypoint'])('evidence of %s', (arm) => {
  const chain = hops(arm)
  const last = chain.at(-1) as Hop
  const listener = last.proxy.accepts === 'hbone' ? 'hbone' : 'http'

  it('holds for what really happened', () => {
    const refuted = evidenceOf(chain, EQUALISED).filter(({ holds }) => holds === false)
    expect(refuted).toEqual([])
    for (const name of ['mtls', 'identity', 'path', 'threads', 'retries', 'access-log']) {
      expect(judge(chain, name).holds, name).toBe(true)
    }
    expect(judge(chain, 'mtls').seen).toContain('TLSv1.3')
    expect(judge(chain, 'cipher').seen).toContain('TLS_AES_128_GCM_SHA256')
    expect(judge(chain, 'proxy-version').seen).toBe('Envoy 1.40.0')
  })

  it.each([
    ['a connection without a certificate', `listener.${listener}.ssl.no_certificate`, 1],
    ['a failed handshake', `listener.${listener}.ssl.connection_error`, 1],
    ['a refused certificate', `listener.${listener}.ssl.fail_verify_san`, 1],
    ['an older TLS', `listener.${listener}.ssl.versions.TLSv1.2`, 1],
    ['no handshake', `listener.${listener}.ssl.handshake`, 0],
    ['a connection without TLS', `http.${listener}.downstream_cx_ssl_total`, 0],
  ])('refutes mTLS by %s', (_, counter, value) => {
    expect(judge(tampered(arm, counter, value), 'mtls').holds).toBe(false)
  })

  it.each([
    ['a peer that is not the expected one', 'peer.rbac.denied', 1],
    ['nobody admitted', 'peer.rbac.allowed', 0],
    ['a certificate with another name', `listener.${listener}.ssl.fail_verify_san`, 1],
  ])('refutes the identity by %s', (_, counter, value) => {
    expect(judge(tampered(arm, counter, value), 'identity').holds).toBe(false)
  })

  it('refutes mTLS and path where nothing passed in the window', () => {
    const idle = chain.map((hop) => ({ ...hop, before: hop.after }))
    expect(judge(idle, 'mtls').holds).toBe(false)
    expect(judge(idle, 'path').holds).toBe(false)
  })

  it('refutes settings that are not in force', () => {
    const other = chain.map((hop) => ({
      ...hop,
      info: { ...hop.info, threads: 1 },
      inForce: { accessLogs: 1, retries: 2 },
    }))
    for (const name of ['threads', 'retries', 'access-log']) expect(judge(other, name).holds, name).toBe(false)
  })
})

it('refutes the path where a hop missed requests', () => {
  const half: (all: Counters) => Counters = (all) => new Map([...all, ['http.http.downstream_rq_completed', 100]])
  const [client, server] = hops('envoy-sidecar')
  if (!client || !server) throw new Error('a pair was expected')
  expect(judge([client, { ...server, after: half(server.after) }], 'path').holds).toBe(false)
})

describe('the admin socket', () => {
  it('tells ports, version and threads', () => {
    expect(parseListeners(captured('listeners.json'))).toEqual(new Map([['http', { host: '127.0.0.1', port: 37537 }]]))
    expect(parseServerInfo(captured('server_info.json'))).toEqual({ version: '1.40.0', threads: 2 })
  })

  it('tells which settings are in force', () => {
    const dump = '{ "access_log": [ {} ], "retry_policy": { "num_retries": 3 } }'
    expect(parseConfigDump(dump)).toEqual({ accessLogs: 1, retries: 3 })
    expect(parseConfigDump('{}')).toEqual({ accessLogs: 0, retries: 0 })
  })
})

describe('connections between proxies', () => {
  const opened = (arm: string, protocol: 'http1' | 'http2') =>
    hops(arm).map((hop) => {
      const more = [
        ['cluster.http.upstream_cx_active', 4] as const,
        [`cluster.http.upstream_cx_${protocol}_total`, 4] as const,
      ]
      return { ...hop, after: new Map([...hop.after, ...more]) }
    })

  it('are told of each proxy that has a next one, with how they are used', () => {
    const pooled = 'client-proxy → server-proxy: 4 connections, HTTP/1.1, one request at a time on each'
    expect(judge(opened('envoy-sidecar', 'http1'), 'connections').seen).toBe(pooled)
    const tunnels = 'client-node-proxy → server-node-proxy: 4 connections, HBONE, connections side by side on each'
    expect(judge(opened('envoy-node', 'http2'), 'connections').seen).toBe(tunnels)
  })

  it('are not told of what did not count them', () => {
    expect(evidenceOf(hops('envoy-sidecar'), EQUALISED).map(({ name }) => name)).not.toContain('connections')
  })
})
