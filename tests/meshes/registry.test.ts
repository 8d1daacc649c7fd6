import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import type { ProcessProxy } from '../../src/model/mesh.ts'

const chains = Object.values(meshes).flatMap((mesh) => (mesh.processes ? [{ ...mesh, ...mesh.processes }] : []))

describe.each(chains)('$name', ({ name, proxies, layer, mtls, protocols, settings }) => {
  it('is registered under its own name', () => {
    expect(meshes[name]?.name).toBe(name)
  })

  it('is a chain whose neighbours understand each other, with plain ends', () => {
    const legs = ['plain', ...proxies.map(({ sends }) => sends)]
    expect([...proxies.map(({ accepts }) => accepts), 'plain']).toEqual(legs)
  })

  it('reads requests exactly where its layer says so', () => {
    const layers = new Set(proxies.map((proxy: ProcessProxy) => proxy.layer))
    expect(layers.has('L7') ? 'L7' : layers.has('L4') ? 'L4' : 'none').toBe(layer)
    expect(protocols.includes('tcp')).toBe(layer !== 'L7')
  })

  it('is under mutual TLS between proxies, and only there', () => {
    expect(proxies.slice(1).every(({ accepts }) => accepts !== 'plain')).toBe(true)
    expect(proxies.length > 1).toBe(mtls)
  })

  it('names each proxy and identity once, and has settings only where there is a proxy', () => {
    expect(new Set(proxies.map((proxy) => proxy.name)).size).toBe(proxies.length)
    expect(new Set(proxies.map((proxy) => proxy.identity)).size).toBe(proxies.length)
    expect(Object.keys(settings).length > 0).toBe(proxies.length > 0)
  })
})
