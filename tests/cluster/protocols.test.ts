import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeTrial } from '../../src/analyse/judge-trial.ts'
import { loadOutsideWindow } from '../../src/analyse/rules/clock-step.ts'
import { generatorSaturated } from '../../src/analyse/rules/generator-saturated.ts'
import { hostSaturated } from '../../src/analyse/rules/host-saturated.ts'
import { noisyNeighbour } from '../../src/analyse/rules/noisy-neighbour.ts'
import { rateNotHeld } from '../../src/analyse/rules/rate-not-held.ts'
import { loads as loadTools } from '../../src/loads/index.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Platform } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import type { Protocol } from '../../src/model/scenario.ts'
import { isImaged } from '../../src/model/traits.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters, resultsOf } from './clusters.ts'

/** What a machine that others use too may do to a trial, whatever is measured. */
const BUSY: ReadonlySet<string> = new Set(
  [rateNotHeld, generatorSaturated, hostSaturated, noisyNeighbour, loadOutsideWindow].map(({ name }) => name),
)

const ARMS = ['none', 'istio-sidecar'] as const
/** Every protocol of every load tool that has an image: what a scenario may ask for in clusters. */
const LOADS = Object.values(loadTools).flatMap(({ name, protocols }) =>
  isImaged(name) ? protocols.map((protocol) => ({ name: `${name}-${protocol}`, tool: name, protocol })) : [],
)
const SHAPE = 'rate: 100/s, connections: 4, payload: 1KiB, warmup: 1s, duration: 4s'
const PLANNED = 400

/** What the proxies speak with each other. */
const BETWEEN: Readonly<Record<Protocol, RegExp>> = {
  http: /between the proxies: HTTP\/1\.1, [^;]*$/,
  http2: /between the proxies: HTTP\/2, [^;]*$/,
  grpc: /between the proxies: HTTP\/2, [^;]*$/,
  tcp: /between the proxies$/,
}

const RUN = `2026-01-01T0000-test-p${OWN}`

describe(...onClusters('every protocol of every load tool, on real clusters'), () => {
  const { signal } = new AbortController()
  let plan: Plan
  let platform: Platform
  let results: readonly Result[] = []

  beforeAll(async () => {
    plan = planOf(
      [
        'name: protocols',
        'platform: kind',
        'blocks: 1',
        `arms: [${ARMS.join(', ')}]`,
        'loads:',
        ...LOADS.map(
          ({ name, tool, protocol }) => `  - { name: ${name}, tool: ${tool}, protocol: ${protocol}, ${SHAPE} }`,
        ),
      ].join('\n'),
    )
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    await opened(platform.prepare(plan, signal))
    results = await resultsOf(platform, plan, { id: RUN, signal })
  }, minutes(18))

  afterAll(() => removeClusters(platform, [RUN]), minutes(3))

  describe.each(ARMS)('%s', (arm) => {
    it.each(LOADS)('carries $protocol of $tool', ({ name, protocol }) => {
      const result = results.find(({ trial }) => trial.arm === arm && trial.load === name)
      if (!result) throw new Error('it has no result')
      const { outcome } = result
      if (outcome.status !== 'measured') throw new Error(JSON.stringify(outcome.failure))
      const invalid = judgeTrial(result, plan).problems.filter(({ severity }) => severity === 'invalid')
      expect(invalid.filter(({ rule }) => !BUSY.has(rule))).toEqual([])
      const { reading } = outcome
      expect(reading.errors).toBe(0)
      // On a machine that others use some may never be sent.
      expect(reading.requests).toBeGreaterThan(0.9 * PLANNED)
      expect(reading.requests).toBeLessThanOrEqual(PLANNED + 1)
      const { evidence, carried, usage } = reading.observation
      expect(usage.find(({ component }) => component === 'generator')?.cpuSeconds).toBeGreaterThan(0)
      if (arm === 'none') return
      expect(evidence.find(({ name }) => name === 'mtls')).toMatchObject({ holds: true })
      expect(evidence.find(({ name }) => name === 'connections')?.seen).toMatch(BETWEEN[protocol])
      if (protocol === 'tcp') expect(carried?.bytes).toBeGreaterThanOrEqual(reading.bytesReceived ?? Number.NaN)
      else expect(carried?.requests).toBeGreaterThanOrEqual(reading.requests)
    })
  })
})
