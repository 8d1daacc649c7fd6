import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COSTED, lackOf } from '../../src/features/feature-cost.ts'
import type { Platform } from '../../src/model/platform.ts'
import type { Result } from '../../src/model/result.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { kind } from '../../src/platforms/kind/kind.ts'
import { featureArms } from '../../src/scenario/features/feature-arms.ts'
import { readSite } from '../../src/site/read-site.ts'
import { opened } from '../platforms/opened.ts'
import { minutes, OWN, onClusters, planOf, removeClusters, resultsOf } from './clusters.ts'

const MESH = 'istio-sidecar'
const { signal } = new AbortController()

const text = (isolation: string) => `
name: feature-cost-test
platform: kind
isolation: ${isolation}
blocks: 1
idle: 0s
arms: [${MESH}]
loads: [{ name: http, rate: 50/s, connections: 2, warmup: 1s, duration: 3s }]
`

const FEATURES = COSTED.filter((feature) => lackOf(feature, MESH) === undefined)

const [TITLE, OPTIONS] = onClusters('features under load on real clusters')

describe.each([
  { isolation: 'shared', features: FEATURES },
  { isolation: 'frozen', features: ['header-modification'] },
])(`${TITLE}, isolation $isolation`, OPTIONS, ({ isolation, features }) => {
  const run = `2026-01-01T0000-test-${isolation[0]}${OWN}`
  let platform: Platform
  let results: Result[] = []

  beforeAll(async () => {
    platform = kind({ site: await readSite(undefined, process.env), keep: false })
    const plan = makePlan(featureArms(planOf(text(isolation)).scenario, { probes: features }).scenario)
    await opened(platform.prepare(plan, signal))
    results = await resultsOf(platform, plan, { id: run, signal })
  }, minutes(12))

  afterAll(() => removeClusters(platform, [run]), minutes(3))

  it('are in force in each trial of their arm, of which no request fails, and in no other', () => {
    expect(results).toHaveLength(features.length + 2)
    for (const { trial, outcome } of results) {
      if (outcome.status !== 'measured') throw new Error(`${trial.id}: ${JSON.stringify(outcome.failure)}`)
      expect(outcome.reading.errors, trial.id).toBe(0)
      const { evidence } = outcome.reading.observation
      expect(evidence.filter(({ holds }) => holds === false)).toEqual([])
      const found = evidence.find(({ name }) => name === 'feature')
      const isBare = [MESH, `${MESH}-again`].includes(trial.arm)
      expect(found?.holds, `${trial.id}: ${found?.seen}`).toBe(isBare ? undefined : true)
    }
  })
})
