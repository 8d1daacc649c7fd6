import { describe, expect, it } from 'vitest'
import type { Means, Probe } from '../../src/features/feature-probe.ts'
import { probes } from '../../src/features/probes/index.ts'
import { tryProbe } from '../../src/features/try-probe.ts'
import { meshes } from '../../src/meshes/index.ts'
import type { FeatureResult } from '../../src/model/feature.ts'
import { type Manner, simulatedMesh } from '../../src/platforms/simulated/simulated-mesh.ts'

const { signal } = new AbortController()

/** One probe on a model of a mesh. */
async function tried(probe: Probe, mesh: string, manner?: Manner): Promise<FeatureResult & { readonly left: number }> {
  const { site, running, now, left } = simulatedMesh(manner)
  let count = 0
  const nonce = () => `nonce${count++}`
  const arm = { name: mesh, mesh, values: { extensionProviders: true } }
  const result = await tryProbe(probe, { run: 'r', arm, site, running, signal, now, nonce })
  return { ...result, left: left() }
}

const withObjects = probes.flatMap((probe) =>
  Object.entries(probe.means).flatMap(([mesh, means]) =>
    'objects' in means ? [{ probe, name: probe.name, mesh, means }] : [],
  ),
)
const outside = { namespace: 'bench-outside', address: '10.0.0.9' }
const kindsOf = ({ objects }: Extract<Means, { objects: unknown }>) =>
  objects({ namespace: 'bench', outside }).map(({ kind }) => kind)

describe('probes', () => {
  it('have names of their own, and know meshes that there are', () => {
    const names = probes.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const unknown = probes.flatMap(({ means }) => Object.keys(means).filter((mesh) => !(mesh in meshes)))
    expect(unknown).toEqual([])
  })

  it('say of every mesh of the scenario how it is done, or where the project says that it is not', () => {
    const asked = ['none', 'istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd']
    const silent = probes.flatMap(({ name, means }) =>
      asked.filter((mesh) => !means[mesh]).map((mesh) => `${name} ${mesh}`),
    )
    expect(silent).toEqual([])
    const sources = probes.flatMap(({ means }) =>
      Object.values(means).flatMap((one) => ('unsupported' in one ? [one.source] : [])),
    )
    for (const source of sources) expect(source).toMatch(/^https:\/\//)
  })

  it.each(withObjects)(
    '$name on $mesh works where the mesh does what the objects say, and leaves nothing',
    async ({ probe, mesh }) => {
      const result = await tried(probe, mesh)
      expect(result).toMatchObject({ verdict: 'works', left: 0 })
      expect(result.observations.map(({ when, holds }) => [when, holds])).toEqual([
        ['without', false],
        ['with', true],
        ['removed', false],
      ])
    },
  )

  it.each(withObjects)(
    '$name on $mesh does not work where any of its objects has no effect',
    async ({ probe, mesh, means }) => {
      for (const ignores of new Set(kindsOf(means))) {
        const { verdict, left } = await tried(probe, mesh, { ignores })
        expect(verdict, `without ${ignores}`).toMatch(/does-not-work|partly/)
        expect(left).toBe(0)
      }
    },
  )

  const byDefault = probes.filter(({ name }) => name.startsWith('mutual-tls'))

  it.each(byDefault)('$name holds within the mesh, and not where nothing is encrypted', async (probe) => {
    expect(await tried(probe, 'linkerd')).toMatchObject({ verdict: 'works' })
    expect(await tried(probe, 'linkerd', { unencrypted: true })).toMatchObject({ verdict: 'does-not-work' })
  })

  it.each(byDefault)('$name proves nothing where a client from outside shows it too', async (probe) => {
    expect(await tried(probe, 'linkerd', { open: true })).toMatchObject({ verdict: 'not-tried' })
  })
})

it('counts requests by default, and not where traffic goes around the mesh', async () => {
  const [metrics] = probes.filter(({ name }) => name === 'request-metrics') as [Probe]
  expect(await tried(metrics, 'linkerd')).toMatchObject({ verdict: 'works' })
  expect(await tried(metrics, 'linkerd', { bypassed: true })).toMatchObject({ verdict: 'does-not-work' })
})

describe('an access log', () => {
  const [log] = probes.filter(({ name }) => name === 'access-log') as [Probe]

  it('of connections is there by default where a proxy works at layer 4, and shown by its lines', async () => {
    const { verdict, observations } = await tried(log, 'istio-ambient', { layer4: true })
    expect(verdict).toBe('works')
    expect(observations[0]?.seen).toMatch(/^10 lines for 10 requests \(10 × 200\), such as: .*connection complete/)
    expect(await tried(log, 'istio-ambient')).toMatchObject({ verdict: 'does-not-work' })
  })

  it('with more lines than requests is none', async () => {
    const { site, running, now } = simulatedMesh()
    const twice: typeof site = {
      ...site,
      logged: async (...args) => (await site.logged(...args)).flatMap((line) => [line, line]),
    }
    const arm = { name: 'a', mesh: 'istio-sidecar' }
    const result = await tryProbe(log, { run: 'r', arm, site: twice, running, signal, now, nonce: () => 'n' })
    expect(result).toMatchObject({ verdict: 'does-not-work' })
  })
})

it.each([{ ended: false }, { isEnrolled: false }])('a Job with %o is none that ends within the mesh', async (but) => {
  const [jobs] = probes.filter(({ name }) => name === 'jobs') as [Probe]
  const { site, running, now } = simulatedMesh()
  const job: typeof site.job = async (...args) => {
    const found = await site.job(...args)
    return found && { ...found, ...but }
  }
  const arm = { name: 'a', mesh: 'istio-sidecar' }
  const result = await tryProbe(jobs, { run: 'r', arm, site: { ...site, job }, running, signal, now, nonce: () => 'n' })
  expect(result).toMatchObject({ verdict: 'does-not-work' })
})

describe('a probe', () => {
  const [route] = probes.filter(({ name }) => name === 'path-routing') as [Probe]

  it('says how long the objects took to have an effect, and to lose it', async () => {
    const result = await tried(route, 'linkerd', { lag: 2 })
    expect(result.verdict).toBe('works')
    expect(result.effectAfter).toBeGreaterThan(1.7)
    expect(result.effectAfter).toBeLessThan(2.6)
    expect(result.goneAfter).toBeLessThan(0.5)
  })

  it('whose objects have no effect in time does not work, and they are removed', async () => {
    const { reason, left, verdict } = await tried(route, 'linkerd', { lag: 60 })
    expect({ verdict, left }).toEqual({ verdict: 'does-not-work', left: 0 })
    expect(reason).toContain('within 30 s')
  })

  it('whose objects are refused does not work, with the reason of the API server', async () => {
    const { reason, verdict } = await tried(route, 'linkerd', { refuses: 'HTTPRoute' })
    expect(verdict).toBe('does-not-work')
    expect(reason).toBe('HTTPRoute could not be applied. denied by a webhook.')
  })

  it.each([
    'it knows no kind HTTPRoute of gateway.networking.k8s.io/v1',
    'httproutes.gateway.networking.k8s.io is forbidden: User "x" cannot patch resource',
  ])('is not tried where nobody asked the mesh: %s', async (because) => {
    expect(await tried(route, 'linkerd', { refuses: 'HTTPRoute', because })).toMatchObject({
      verdict: 'not-tried',
      left: 0,
    })
  })

  it('whose effect stays after its objects were removed works partly', async () => {
    expect(await tried(route, 'linkerd', { sticky: true })).toMatchObject({ verdict: 'partly' })
  })

  it('quotes the project where it says that it does not have it', async () => {
    const [mirror] = probes.filter(({ name }) => name === 'mirroring') as [Probe]
    expect(await tried(mirror, 'linkerd')).toMatchObject({
      verdict: 'unsupported',
      source: expect.stringContaining('outbound/index/http.rs'),
      observations: [],
    })
  })

  it('is not tried where the arm lacks the setting that it needs', async () => {
    const [external] = probes.filter(({ name }) => name === 'authorization-external') as [Probe]
    const { site, running, now } = simulatedMesh()
    const arm = { name: 'a', mesh: 'istio-sidecar', values: { gatewayApi: true } }
    const result = await tryProbe(external, { run: 'r', arm, site, running, signal, now, nonce: () => 'n' })
    expect(result).toMatchObject({ verdict: 'not-tried', observations: [] })
    expect(result.reason).toContain('values: { extensionProviders: true }')
  })

  it('is not tried where its premise does not hold', async () => {
    const [egress] = probes.filter(({ name }) => name === 'egress-control') as [Probe]
    const { verdict, observations } = await tried(egress, 'istio-sidecar', { nameless: true })
    expect(verdict).toBe('not-tried')
    expect(observations).toEqual([expect.objectContaining({ when: 'without', holds: false })])
  })

  it('is not tried, and no project is quoted, where a mesh has what meshbench cannot bring about', async () => {
    const [spans] = probes.filter(({ name }) => name === 'tracing') as [Probe]
    const result = await tried(spans, 'linkerd')
    expect(result).toMatchObject({ verdict: 'not-tried', observations: [] })
    expect(result.source).toBeUndefined()
  })

  it('of a mesh that nobody has declared is not tried', async () => {
    expect(await tried(route, 'kuma')).toMatchObject({ verdict: 'not-tried' })
  })
})
