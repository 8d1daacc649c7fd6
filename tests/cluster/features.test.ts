import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeFeatures } from '../../src/features/probe-features.ts'
import { probes as all } from '../../src/features/probes/index.ts'
import type { FeatureResult } from '../../src/model/feature.ts'
import type { Platform } from '../../src/model/platform.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters } from './clusters.ts'

const RUN = `2026-01-01T0000-test-f${OWN}`
const { signal } = new AbortController()
/** All but those that wait for spans and for certificates, of which each takes a minute or more. */
const probes = all.filter(({ name }) => !['tracing', 'certificate-rotation'].includes(name))

const TEXT = `
name: features-test
platform: kind
isolation: shared
profile: defaults
blocks: 1
arms: [none, { name: istio-sidecar, mesh: istio-sidecar, values: { gatewayApi: true, extensionProviders: true } }]
loads:
  - { protocol: http, rate: 10/s, connections: 1 }
  - { protocol: grpc, rate: 10/s, connections: 1 }
  - { protocol: tcp, rate: 10/s, connections: 1 }
`

describe(...onClusters('features on a real cluster'), () => {
  let platform: Platform
  const results: FeatureResult[] = []

  beforeAll(async () => {
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    const plan = planOf(TEXT)
    await opened(platform.prepare(plan, signal))
    const world = { platform, identity: { id: RUN }, probes, signal }
    const nonce = () => Math.random().toString(36).slice(2)
    const events = probeFeatures(plan, { ...world, now: () => Date.now() / 1000, nonce, isFinished: () => false })
    for await (const event of events) if (event.type === 'result') results.push(event.result)
  }, minutes(12))

  afterAll(() => removeClusters(platform, [RUN]), minutes(3))

  it('works for a sidecar, each seen to be absent without its objects', () => {
    const own = results.filter(({ arm }) => arm === 'istio-sidecar')
    expect(own.map(({ feature }) => feature)).toEqual(probes.map(({ name }) => name))
    expect(own.filter(({ verdict }) => verdict !== 'works')).toEqual([])
    const looks = own.flatMap(({ observations }) => observations)
    expect(looks.filter(({ when, holds }) => holds !== (when === 'with'))).toEqual([])
  })

  it('is unsupported where there is no mesh', () => {
    const own = results.filter(({ arm }) => arm === 'none')
    expect(own.map(({ verdict }) => verdict)).toEqual(probes.map(() => 'unsupported'))
  })
})
