import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import { settingFits } from '../../src/meshes/settings.ts'
import type { Mesh, ProcessProxy } from '../../src/model/mesh.ts'
import { PROFILES } from '../../src/model/scenario.ts'
import { MESH_ROLES } from '../../src/model/usage.ts'

const chains = Object.values(meshes).flatMap((mesh) => (mesh.processes ? [{ ...mesh, ...mesh.processes }] : []))

describe.each(chains)('$name', ({ name, proxies, layer, encryption, protocols, settings }) => {
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
    expect(proxies.length > 1).toBe(encryption === 'mtls')
  })

  it('names each proxy and identity once, and has settings only where there is a proxy', () => {
    expect(new Set(proxies.map((proxy) => proxy.name)).size).toBe(proxies.length)
    expect(new Set(proxies.map((proxy) => proxy.identity)).size).toBe(proxies.length)
    expect(Object.keys(settings).length > 0).toBe(proxies.length > 0)
  })
})

const clusterMeshes = Object.values(meshes).flatMap((mesh) =>
  mesh.kubernetes ? [{ ...mesh, ...mesh.kubernetes }] : [],
)

describe.each(clusterMeshes)(
  '$name in a cluster',
  ({ name, vendor, encryption, settings, components, scrapes, install }) => {
    const mesh = meshes[name] as Mesh
    const about = installAbout(mesh, 'equalised', { name }, {})

    it('installs charts that its vendor has, and nothing where it has none', () => {
      const charts = install(about).flatMap((step) => (step.do === 'helm' ? [step.chart] : []))
      expect(charts.every((chart) => vendor && Object.hasOwn(vendor.charts, chart))).toBe(true)
      expect(charts.length > 0).toBe(vendor !== undefined)
    })

    it('has components by one role each, the workload among them', () => {
      const roles = Map.groupBy(components, ({ component }) => component)
      for (const rules of roles.values()) expect(new Set(rules.map(({ role }) => role)).size).toBe(1)
      expect(components.map(({ component }) => component)).toEqual(
        expect.arrayContaining(['application', 'generator', 'files']),
      )
      expect(components.some(({ role }) => MESH_ROLES.has(role))).toBe(vendor !== undefined)
    })

    it('is read where there is something to prove', () => {
      expect(scrapes.length > 0).toBe(encryption !== 'none')
      expect(new Set(scrapes.map((scrape) => scrape.name)).size).toBe(scrapes.length)
    })

    it('has settings whose defaults it takes itself', () => {
      for (const setting of Object.values(settings)) {
        expect(PROFILES.every((profile) => settingFits(setting, setting.default[profile]))).toBe(true)
      }
    })
  },
)

it('seven arms stand in a cluster, Kuma and Cilium never run by us and told so', () => {
  expect(clusterMeshes.map(({ name }) => name)).toEqual([
    'none',
    'istio-sidecar',
    'istio-ambient',
    'istio-ambient-waypoint',
    'linkerd',
    'kuma',
    'cilium',
  ])
  for (const name of ['kuma', 'cilium']) expect(meshes[name]?.summary).toContain('never run')
})
