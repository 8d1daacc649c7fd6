import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Platform } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters, resultsOf } from './clusters.ts'

const RUN = `2026-01-01T0000-test-a${OWN}`
const { signal } = new AbortController()

/** Manifests of a graph: three Deployments with their Services, one of which calls another twice. */
const TEXT = `
name: graph-test
platform: kind
blocks: 1
idle: 1s
arms: [none, istio-sidecar, { name: behind, mesh: istio-sidecar, entrance: gateway }]
workload:
  services:
    front: { calls: [middle], answer: 600B }
    middle: { calls: [back, back], order: sequence, answer: 700B }
    back: { answer: 800B, replicas: 2 }
loads: [{ rate: 20/s, connections: 2, warmup: 1s, duration: 4s, service: [front, back] }]
`

describe(...onClusters('a graph of services on real clusters'), () => {
  let platform: Platform
  let results: readonly Result[]

  beforeAll(async () => {
    const plan = planOf(TEXT)
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    await opened(platform.prepare(plan, signal))
    results = await resultsOf(platform, plan, { id: RUN, signal })
  }, minutes(15))

  afterAll(() => removeClusters(platform, [RUN]), minutes(3))

  function readingOf(arm: string, load: string) {
    const found = results.find(({ trial }) => trial.arm === arm && trial.load === load)
    if (found?.outcome.status !== 'measured') throw new Error(JSON.stringify(found?.outcome))
    return found.outcome.reading
  }

  it.each(['none', 'istio-sidecar', 'behind'])('answers with the parts of all services, by %s', (arm) => {
    const { requests, errors, generator } = readingOf(arm, 'http-20-front')
    expect(errors).toBe(0)
    expect(requests).toBeGreaterThan(60)
    // 600 + 700 + 2 × 800 bytes, and headers.
    expect(generator.answer?.min).toBeGreaterThan(2900)
    expect(generator.answer?.max).toBeLessThan(2900 + 400)
    expect(readingOf(arm, 'http-20-back').generator.answer?.max).toBeLessThan(800 + 400)
  })

  it('counts and proves every hop by the proxies beside its pods', () => {
    const { observation } = readingOf('istio-sidecar', 'http-20-front')
    const { requests = 0 } = observation.carried ?? {}
    expect(requests).toBeGreaterThan(60)
    expect(observation.hops).toEqual({ middle: requests, back: 2 * requests })
    for (const name of ['mtls', 'mtls-middle', 'mtls-back', 'enrolled', 'placement']) {
      expect(observation.evidence.find((one) => one.name === name)).toMatchObject({ holds: true })
    }
    const asked = readingOf('istio-sidecar', 'http-20-back').observation
    expect(asked.hops).toEqual({ front: 0, middle: 0 })
    expect(asked.evidence.find(({ name }) => name === 'mtls')).toMatchObject({ holds: true })
  })

  it('enters by the gateway, and proves the way from there', () => {
    for (const load of ['http-20-front', 'http-20-back']) {
      const { observation } = readingOf('behind', load)
      const { requests = 0 } = observation.carried ?? {}
      expect(requests).toBeGreaterThan(60)
      for (const name of ['mtls', 'path', 'enrolled', 'outside', 'gateway', 'placement']) {
        expect(observation.evidence.find((one) => one.name === name)).toMatchObject({ holds: true })
      }
      const seen = (name: string) => observation.evidence.find((one) => one.name === name)?.seen
      expect(seen('path')).toMatch(/^gateway: \d+ requests → server-proxy: \d+ requests$/)
      expect(seen('gateway')).toMatch(/^on the server node, /)
      expect(seen('outside')).toBe('client: no proxy')
      expect(seen('entrance')).toContain("Istio's gateway")
      const gateway = observation.usage.find(({ role }) => role === 'gateway')
      expect(gateway?.cpuSeconds).toBeGreaterThan(0)
      expect(gateway?.memoryBytes).toBeGreaterThan(1e6)
      expect(observation.usage.map(({ role }) => role)).not.toContain('client-proxy')
    }
    const direct = readingOf('none', 'http-20-front').observation.evidence.find(({ name }) => name === 'entrance')
    expect(direct?.seen).toContain('asked directly')
  })

  it('bills every service by itself', () => {
    const components = (arm: string) => {
      const { usage } = readingOf(arm, 'http-20-front').observation
      return usage.flatMap(({ component, cpuSeconds }) =>
        /^(application|server-proxy)/.test(component) && cpuSeconds > 0 ? [component] : [],
      )
    }
    const services = ['application', 'application-back', 'application-middle']
    expect(components('none').toSorted()).toEqual(services)
    expect(components('istio-sidecar').toSorted()).toEqual([
      ...services,
      'server-proxy',
      'server-proxy-back',
      'server-proxy-middle',
    ])
  })

  it('leaves nothing', async () => {
    expect((await platform.leftovers()).filter(({ run }) => run === RUN)).toEqual([])
  })
})
