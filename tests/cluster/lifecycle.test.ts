import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { effectsOf } from '../../src/analyse/operations/operation-effects.ts'
import type { Platform } from '../../src/model/platform.ts'
import type { Reading, Result } from '../../src/model/result.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters, resultsOf } from './clusters.ts'

const RUN = `2026-01-01T0000-test-o${OWN}`
const { signal } = new AbortController()

const TEXT = `
name: lifecycle-test
platform: kind
isolation: shared
blocks: 1
idle: 0s
arms: [none, istio-sidecar]
loads:
  - { name: rollout, operation: server-rollout, operationAt: 5s, rate: 50/s, connections: 4, warmup: 1s, duration: 20s }
  - { name: killed, operation: proxy-killed, operationAt: 5s, rate: 50/s, connections: 4, warmup: 1s, duration: 20s }
`

describe(...onClusters('operations on a real cluster'), () => {
  let platform: Platform
  let results: Result[] = []

  beforeAll(async () => {
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    const plan = planOf(TEXT)
    await opened(platform.prepare(plan, signal))
    results = await resultsOf(platform, plan, { id: RUN, signal })
  }, minutes(8))

  afterAll(() => removeClusters(platform, [RUN]), minutes(3))

  function readingOf(arm: string, load: string): Reading {
    const result = results.find(({ trial }) => trial.arm === arm && trial.load === load)
    if (result?.outcome.status !== 'measured') throw new Error(JSON.stringify(result?.outcome ?? 'no trial'))
    return result.outcome.reading
  }

  it('leaves out the arm without a proxy, and raises the other anew between two operations', () => {
    const measured = results.map(({ trial: { arm, load }, outcome: { status } }) => `${arm} ${load} ${status}`)
    expect(measured.toSorted()).toEqual([
      'istio-sidecar killed measured',
      'istio-sidecar rollout measured',
      'none rollout measured',
    ])
  })

  it('replaces the pod of the server in the window, and the arm answers again', () => {
    for (const arm of ['none', 'istio-sidecar']) {
      const { operation, timeline } = readingOf(arm, 'rollout')
      expect(operation?.at).toBeGreaterThan(3)
      expect(operation?.at).toBeLessThan(7)
      expect(operation?.ended).toBeGreaterThan(operation?.at ?? 0)
      expect(operation?.seen[0]).toContain('the old one was gone')
      // The last whole second has answers.
      expect((timeline.requests[18] ?? 0) - (timeline.errors[18] ?? 0)).toBeGreaterThan(0)
    }
  })

  it('kills the proxy of the server: some requests fail or wait, and then none', () => {
    const reading = readingOf('istio-sidecar', 'killed')
    expect(reading.operation?.seen[0]).toMatch(/istio-proxy was killed, and was ready again/)
    expect(reading.observation.usage.find(({ component }) => component === 'server-proxy')?.restarts).toBe(1)
    const effects = effectsOf(reading)
    const disturbed = (effects?.recovery ?? effects?.longerThan ?? 0) > 0
    expect(disturbed).toBe(true)
  })
})
