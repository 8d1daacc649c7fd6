import { describe, expect, it } from 'vitest'
import { meshes } from '../../../src/meshes/index.ts'
import type { ProcessProxy } from '../../../src/model/mesh.ts'
import { bootstrap, type ProxyPlace } from '../../../src/platforms/local/envoy/envoy-bootstrap.ts'

/** A proxy in its chain, with addresses that stay the same. */
function place(proxies: readonly ProcessProxy[], index: number, more: Partial<ProxyPlace> = {}): ProxyPlace {
  const proxy = proxies[index] as ProcessProxy
  const before = proxies[index - 1]
  const behind = proxies[index + 1]
  return {
    proxy,
    endpoints: [{ name: 'http', authority: '127.0.0.1:8080', next: { host: '127.0.0.1', port: 9000 + index } }],
    credentials: { certificate: 'own.pem', key: 'own.key', authority: 'authority.pem' },
    ...(before ? { previous: `spiffe://test/${before.identity}` } : {}),
    ...(behind ? { next: `spiffe://test/${behind.identity}` } : {}),
    accessLog: false,
    retries: 0,
    ...more,
  }
}

const chains = ['envoy-sidecar', 'envoy-node', 'envoy-node-waypoint'].map((name) => ({
  name,
  proxies: meshes[name]?.processes?.proxies ?? [],
}))

const golden = (name: string) => `golden/${name}.golden`
const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

describe.each(chains)('$name', ({ name, proxies }) => {
  it.each(proxies.map((proxy, index) => ({ proxy, index })))(
    'configures $proxy.name as agreed',
    async ({ proxy, index }) => {
      await expect(text(bootstrap(place(proxies, index)))).toMatchFileSnapshot(golden(`${name}.${proxy.name}`))
    },
  )

  it('demands and checks certificates on every leg that is not plain', () => {
    for (const [index, proxy] of proxies.entries()) {
      const config = text(bootstrap(place(proxies, index)))
      const peers = [...config.matchAll(/"exact": "(spiffe:[^"]+)"/g)].map(([, id]) => id)
      const accepts = proxy.accepts === 'plain' ? [] : [`spiffe://test/${proxies[index - 1]?.identity}`]
      const sends = proxy.sends === 'plain' ? [] : [`spiffe://test/${proxies[index + 1]?.identity}`]
      expect(new Set(peers)).toEqual(new Set([...accepts, ...sends]))
      expect(config.includes('"require_client_certificate": true')).toBe(accepts.length > 0)
      expect(config.split('"tls_minimum_protocol_version": "TLSv1_3"').length - 1).toBe(accepts.length + sends.length)
    }
  })

  it('leaves every port to the kernel', () => {
    for (const index of proxies.keys()) {
      const { static_resources } = bootstrap(place(proxies, index)) as { static_resources: { listeners: unknown[] } }
      const ports = [...text(static_resources.listeners).matchAll(/"port_value": (\d+)/g)].map(([, port]) => port)
      expect(new Set(ports)).toEqual(new Set(['0']))
    }
  })
})

describe('settings', () => {
  const proxies = meshes['envoy-sidecar']?.processes?.proxies ?? []

  it('write an access log where asked', () => {
    expect(text(bootstrap(place(proxies, 0)))).not.toContain('access_log')
    expect(text(bootstrap(place(proxies, 0, { accessLog: true })))).toContain('FileAccessLog')
  })

  it('retry where asked', () => {
    expect(text(bootstrap(place(proxies, 0)))).not.toContain('retry')
    expect(text(bootstrap(place(proxies, 0, { retries: 3 })))).toContain('"num_retries": 3')
  })
})

describe('endpoints', () => {
  it('get a listener each, or share a tunnel that sorts them by destination', () => {
    const endpoints = [
      { name: 'http', authority: '127.0.0.1:8080', next: { host: '127.0.0.1', port: 1 } },
      { name: 'tcp', authority: '127.0.0.1:8081', next: { host: '127.0.0.1', port: 2 } },
    ] as const
    const proxies = meshes['envoy-node']?.processes?.proxies ?? []
    expect(
      text(bootstrap(place(proxies, 0, { endpoints }))).match(/"stat_prefix": "(http|tcp)",\n {8}"address"/g),
    ).toHaveLength(2)
    const server = text(bootstrap(place(proxies, 1, { endpoints })))
    expect(server.match(/"port_value": 0/g)).toHaveLength(1)
    expect(server).toContain('127.0.0.1:8081')
  })
})
