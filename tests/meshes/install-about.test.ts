import { describe, expect, it } from 'vitest'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import { Failure } from '../../src/model/failure.ts'
import type { InstallStep, Mesh, Values } from '../../src/model/mesh.ts'
import type { Arm } from '../../src/model/scenario.ts'
import type { SiteVendor } from '../../src/model/site.ts'

type ArmPart = Pick<Arm, 'values' | 'version'>

function meshOf(name: string): Mesh & { kubernetes: NonNullable<Mesh['kubernetes']> } {
  const mesh = meshes[name]
  if (!mesh?.kubernetes) throw new Error(`${name} is no mesh for a cluster`)
  return { ...mesh, kubernetes: mesh.kubernetes }
}

function about(name: string, arm: ArmPart = {}, vendors: Record<string, SiteVendor> = {}) {
  return installAbout(meshOf(name), 'equalised', { name, ...arm }, vendors)
}

function helm(name: string, chart: string, arm: ArmPart = {}, vendors: Record<string, SiteVendor> = {}) {
  const steps = meshOf(name).kubernetes.install(about(name, arm, vendors))
  const step = steps.find(
    (one): one is Extract<InstallStep, { do: 'helm' }> => one.do === 'helm' && one.chart === chart,
  )
  if (!step) throw new Error(`no release of ${chart}`)
  return step
}

const images = (name: string, arm: ArmPart = {}, vendors: Record<string, SiteVendor> = {}) =>
  meshOf(name)
    .kubernetes.images(about(name, arm, vendors))
    .map((image) => image.name)

describe('versions', () => {
  it("are the vendor's, and the images' tag", () => {
    expect(images('istio-sidecar')).toEqual([
      'docker.io/istio/pilot:1.31.1-distroless',
      'docker.io/istio/proxyv2:1.31.1-distroless',
    ])
    expect(helm('istio-sidecar', 'istiod').version).toBe('1.31.1')
    expect(images('linkerd')).toEqual([
      'cr.l5d.io/linkerd/controller:edge-26.6.3',
      'cr.l5d.io/linkerd/proxy:edge-26.6.3',
    ])
    expect(helm('linkerd', 'linkerd-crds').version).toBe('2026.6.3')
  })

  const lab = { istio: { hub: 'registry.example/istio', tag: 'lab', variant: '' } }

  it("have the site's hub, tag and variant", () => {
    expect(images('istio-sidecar', {}, lab)).toEqual([
      'registry.example/istio/pilot:lab',
      'registry.example/istio/proxyv2:lab',
    ])
    expect(helm('istio-ambient', 'ztunnel', {}, lab).values).toMatchObject({
      hub: 'registry.example/istio',
      tag: 'lab',
      variant: '',
    })
    expect(helm('istio-sidecar', 'istiod', {}, lab).version).toBe('1.31.1')
  })

  it("of an arm are its own, whatever the site's tag", () => {
    expect(images('istio-sidecar', { version: '1.30.5' }, lab)[0]).toBe('registry.example/istio/pilot:1.30.5')
    expect(helm('istio-sidecar', 'istiod', { version: '1.30.5' }, lab).version).toBe('1.30.5')
    const next = helm('linkerd', 'linkerd-control-plane', { version: 'edge-26.9.1' })
    expect(next.version).toBe('2026.9.1')
    expect(next.values).toMatchObject({ linkerdVersion: 'edge-26.9.1', controllerImageVersion: 'edge-26.9.1' })
  })

  it('of Linkerd are edge releases, or are refused', () => {
    const refused = () => about('linkerd', { version: '2.20' })
    expect(refused).toThrow(Failure)
    expect(refused).toThrow('2.20 is no version of Linkerd')
  })

  it('of Linkerd that have an image for the rules of a pod bring it', () => {
    expect(images('linkerd', { version: 'edge-25.10.7' })).toContain('cr.l5d.io/linkerd/proxy-init:v2.4.3')
    expect(helm('linkerd', 'linkerd-control-plane', { version: 'edge-25.10.7' }).values).toMatchObject({
      proxyInit: { image: { name: 'cr.l5d.io/linkerd/proxy-init', version: 'v2.4.3' } },
    })
    expect(helm('linkerd', 'linkerd-control-plane', { version: 'edge-25.11.3' }).values).not.toHaveProperty('proxyInit')
  })
})

describe('Helm values', () => {
  const site = {
    istio: {
      values: {
        '*': { global: { imagePullPolicy: 'Never' } },
        istiod: { telemetry: { enabled: false }, autoscaleMin: 2 },
      },
    },
  }

  it("are the mesh's, under the site's, under the arm's own", () => {
    const values = { values: { istiod: { autoscaleMin: 3, global: { hub: 'mine' } } } }
    const merged = helm('istio-sidecar', 'istiod', { values }, site).values
    expect(merged).toMatchObject({
      autoscaleEnabled: false,
      autoscaleMin: 3,
      telemetry: { enabled: false },
      global: { hub: 'mine', tag: '1.31.1', imagePullPolicy: 'Never' },
    })
    expect(helm('istio-sidecar', 'base', { values }, site).values).toEqual({ global: { imagePullPolicy: 'Never' } })
  })

  it('for every chart, where the arm says so', () => {
    const values = { values: { '*': { global: { logAsJson: true } } } }
    for (const chart of ['base', 'istiod', 'cni', 'ztunnel']) {
      expect(helm('istio-ambient', chart, { values }).values).toMatchObject({ global: { logAsJson: true } })
    }
  })

  it('for a chart that there is not are refused by name', () => {
    expect(() => about('istio-sidecar', { values: { values: { istoid: {} } } })).toThrow(
      'values for istoid, which is no chart',
    )
  })

  it('are whole trees: anything else is no value of the setting', () => {
    for (const values of ['x', [], { istiod: 1 }, null]) {
      expect(() => about('istio-sidecar', { values: { values } })).toThrow(
        'which is not an object of Helm values by chart',
      )
    }
  })
})

describe('settings', () => {
  const at = (tree: unknown, ...path: string[]): unknown =>
    path.reduce<unknown>((inner, key) => (inner as Values | undefined)?.[key], tree)

  it('of limits keep a request beside them that they do not fall below', () => {
    const values = { cpuLimit: 1, memoryLimit: 64 }
    expect(at(helm('istio-sidecar', 'istiod', { values }).values, 'global', 'proxy', 'resources')).toEqual({
      requests: { cpu: '100m', memory: '64Mi' },
      limits: { cpu: '1', memory: '64Mi' },
    })
    expect(at(helm('linkerd', 'linkerd-control-plane', { values }).values, 'proxy', 'resources')).toEqual({
      cpu: { request: '100m', limit: '1' },
      memory: { request: '64Mi', limit: '64Mi' },
    })
  })

  it('are written where they differ from what is shipped, and nowhere else', () => {
    const istiod = (values: Values) => helm('istio-sidecar', 'istiod', { values }).values['meshConfig']
    expect(istiod({ retries: 2, tracing: true, accessLog: false })).toEqual({})
    expect(istiod({ retries: 3, tracing: false, accessLog: true })).toEqual({
      enableTracing: false,
      accessLogFile: '/dev/stdout',
      defaultHttpRetryPolicy: { attempts: 3 },
    })
    const ztunnel = helm('istio-ambient', 'ztunnel', {
      values: { accessLog: true, concurrency: 0, cpuLimit: 0, memoryLimit: 0 },
    })
    expect(ztunnel.values).toEqual({ hub: 'docker.io/istio', tag: '1.31.1', variant: 'distroless' })
  })

  it('of access logs reach what writes them: no waypoint logs because its ztunnels do', () => {
    const values = { accessLog: true }
    expect(helm('istio-ambient-waypoint', 'istiod', { values }).values['meshConfig']).not.toHaveProperty(
      'accessLogFile',
    )
    expect(meshOf('linkerd').kubernetes.enrol(about('linkerd', { values })).annotations).toMatchObject({
      'config.linkerd.io/access-log': 'apache',
    })
  })
})

describe('providers of the mesh config', () => {
  const providers = (name: string, values: Arm['values'] = {}) => {
    const { meshConfig } = helm(name, 'istiod', { values }).values as { meshConfig: { extensionProviders?: unknown } }
    return meshConfig.extensionProviders
  }

  it.each(['istio-sidecar', 'istio-ambient-waypoint'])('are installed where %s is told to', (name) => {
    expect(providers(name, { extensionProviders: true })).toEqual([
      {
        name: 'probe-authorization',
        envoyExtAuthzHttp: expect.objectContaining({ port: 8080, pathPrefix: '/decide' }),
      },
      { name: 'probe-spans', opentelemetry: expect.objectContaining({ port: 4318 }) },
    ])
    expect(providers(name)).toBeUndefined()
  })
})
