import { expect, it } from 'vitest'
import type { Analysis } from '../../src/model/analysis.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { textOf } from '../../src/report/html.ts'
import { scenarioText } from '../../src/report/sections/origin.ts'
import { services } from '../../src/report/sections/own-workload.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { loadOf, none, scenarioOf } from '../build/scenario.ts'
import { analysisOf } from './fixture.ts'

const plain = analysisOf()
const node = { order: 'parallel', answer: 1024, delay: 0, replicas: 1 } as const
const graph = {
  front: { ...node, calls: ['cart', 'cart', 'search'] },
  cart: { ...node, calls: ['search'] },
  search: { ...node, calls: [] },
}

/** The fixture, as if its second load asked a service behind the entrance and its proxies had counted. */
function withGraph(): Analysis {
  const { run } = plain.record
  const { scenario } = run.plan
  const loads = scenario.loads.map((load, index) => (index === 1 ? { ...load, service: 'cart' } : load))
  const trials = plain.trials.map((trial) => {
    const { outcome } = trial.result
    if (outcome.status !== 'measured' || trial.result.trial.arm === 'none') return trial
    const { requests } = outcome.reading
    const observation = {
      ...outcome.reading.observation,
      carried: { requests },
      hops: { cart: 2 * requests, search: 3 * requests },
    }
    return {
      ...trial,
      result: { ...trial.result, outcome: { ...outcome, reading: { ...outcome.reading, observation } } },
    }
  })
  const plan = { ...run.plan, scenario: { ...scenario, loads, workload: { services: graph } } }
  return { ...plain, trials, record: { ...plain.record, run: { ...run, plan } } }
}

const plainText = (markup: string) => markup.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

it('has the tail by depth and width, and a row for each hop', async () => {
  const analysis = withGraph()
  const text = plainText(textOf(await services(viewOf(pageData(analysis)), analysis)))
  const [, second] = analysis.record.run.plan.scenario.loads
  // Depth 3, width 3, 5 calls: cart twice, each with a search, and a search.
  expect(text).toMatch(/front none 3 3 5 /)
  expect(text).toMatch(new RegExp(`${second?.name} cart none 2 1 1 `))
  expect(text).toMatch(/cart envoy-sidecar 2 2 /)
  expect(text).toMatch(/search envoy-sidecar 3 3 /)
  expect(text).toMatch(/search none 3 – /)
})

it('is absent without a graph', async () => {
  expect(textOf(await services(viewOf(pageData(plain)), plain))).toBe('')
})

it('is written in the scenario of the page as it is read', () => {
  const request = { path: '/', method: 'GET', headers: {}, expectedStatus: 200, answer: 2048 } as const
  const scenario = scenarioOf({
    platform: 'kind',
    arms: [none, { name: 'linkerd', mesh: 'linkerd' }],
    loads: [loadOf({ service: 'cart', payload: 0, request })],
    workload: { services: graph },
  })
  const parsed = parseScenario(scenarioText(scenario), 'scenario.yaml')
  expect(parsed.problems).toEqual([])
  expect(parsed.scenario).toMatchObject({ loads: scenario.loads, workload: scenario.workload })
})
