import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  COSTED,
  COSTED_UNASKED,
  copiesRequests,
  featureObjects,
  lackOf,
  showsUnderLoad,
  whyNotCosted,
} from '../../src/features/feature-cost.ts'
import { probes } from '../../src/features/probes/index.ts'
import { underLoad } from '../../src/features/probes/load-objects.ts'
import type { LoadBench } from '../../src/features/under-load.ts'
import { meshes } from '../../src/meshes/index.ts'
import { type Manner, simulatedMesh } from '../../src/platforms/simulated/simulated-mesh.ts'

const { signal } = new AbortController()
const WHERE = { namespace: 'bench', service: 'server' }

const having = Object.keys(meshes).flatMap((mesh) =>
  COSTED.filter((feature) => lackOf(feature, mesh) === undefined).map((feature) => ({ mesh, feature })),
)

/** The server of a load on a model of a mesh. */
function benchOn(site: ReturnType<typeof simulatedMesh>['site']): LoadBench {
  const served = () => site.served('server' as 'v1', '/', signal)
  return {
    ask: async (request) => site.ask({ from: 'client', to: 'versions', ...request }, signal),
    async carried(act) {
      const before = await served()
      const answers = (await act()) as readonly unknown[]
      return answers.length + (await served()) - before
    },
  }
}

async function shown(feature: string, mesh: string, manner?: Manner, withObjects = true) {
  const { site } = simulatedMesh(manner)
  if (withObjects) await site.apply(featureObjects(feature, mesh, WHERE), signal)
  return await showsUnderLoad(feature, mesh)?.(benchOn(site))
}

describe('features under load', () => {
  it('are of probes that there are, each of which is measured or says why not', () => {
    expect(Object.keys(underLoad).filter((name) => !probes.some((probe) => probe.name === name))).toEqual([])
    const told = [...COSTED_UNASKED, ...whyNotCosted().map(({ feature }) => feature)]
    expect(told.toSorted()).toEqual(probes.map(({ name }) => name).toSorted())
    for (const { why } of whyNotCosted()) expect(why).toMatch(/^\S.*\.$/)
  })

  it('are told of in the documentation, measured or not', () => {
    const [, section = ''] = readFileSync('docs/features.md', 'utf8').split('## What features cost')
    const [costs = ''] = section.split('\n## ')
    expect(Object.keys(underLoad).filter((name) => !costs.includes(`\`${name}\``))).toEqual([])
    for (const name of COSTED_UNASKED) expect(costs).toContain(`| \`${name}\` |`)
  })

  it('do not make errors, delays, redirects or splits of the requests of a load unless they are asked for', () => {
    for (const name of [
      'fault-abort',
      'fault-delay',
      'redirect',
      'weighted-split',
      'header-routing',
      'json-web-token',
    ]) {
      expect(COSTED_UNASKED).not.toContain(name)
    }
  })

  it.each(having)('$feature on $mesh is about the server of the load, in its namespace', ({ feature, mesh }) => {
    const objects = featureObjects(feature, mesh, WHERE)
    expect(objects.length).toBeGreaterThan(0)
    expect(objects.every(({ metadata }) => metadata.namespace === 'bench')).toBe(true)
    const text = JSON.stringify(objects)
    expect(text).not.toMatch(/probe-(versions|mixed|v1|v2)/)
    if (!objects.every(({ kind }) => kind === 'PeerAuthentication' || kind === 'EnvoyFilter')) {
      expect(text).toContain('"server')
    }
  })

  /** What the model of a mesh does not have. */
  const seen = having.filter(({ feature, mesh }) => showsUnderLoad(feature, mesh) && feature !== 'rate-limit-local')

  it.each(seen)('$feature on $mesh is shown by requests, and not without its objects', async ({ feature, mesh }) => {
    expect(await shown(feature, mesh)).toMatchObject({ holds: true })
    expect(await shown(feature, mesh, {}, false)).toMatchObject({ holds: false })
    expect(await shown(feature, mesh, { bypassed: true })).toMatchObject({ holds: false })
  })

  it('a limit that nothing reaches is shown by its headers, where the mesh sends them', async () => {
    const bench = (headers: Record<string, string>): LoadBench => ({
      ask: async ({ count }) => Array.from({ length: count }, () => ({ status: 200, headers, body: '', seconds: 0 })),
      carried: async () => undefined,
    })
    const shows = showsUnderLoad('rate-limit-local', 'istio-sidecar')
    expect(await shows?.(bench({ 'x-ratelimit-limit': '1000000' }))).toMatchObject({ holds: true })
    expect(await shows?.(bench({}))).toMatchObject({ holds: false })
    expect(showsUnderLoad('rate-limit-local', 'linkerd')).toBeUndefined()
  })

  it('say which of them copies requests, so that proxies of client and server do not count the same', () => {
    expect(COSTED.filter(copiesRequests)).toEqual(['mirroring'])
    expect(copiesRequests(undefined)).toBe(false)
  })

  it('a mesh that does not have one says so in the words of its project', () => {
    expect(lackOf('mirroring', 'linkerd')).toMatch(/policy controller.*\(https:\/\/github\.com\/linkerd/)
    expect(lackOf('retries', 'istio-ambient')).toContain('needs a waypoint')
    expect(lackOf('retries', 'kuma')).toBe('meshbench has no objects for kuma yet.')
    expect(lackOf('fault-delay', 'istio-sidecar')).toContain('holds the requests of the load back')
  })
})
