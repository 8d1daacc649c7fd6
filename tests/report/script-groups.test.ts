import { expect, it } from 'vitest'
import { pageData } from '../../src/report/data/page-data.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { textOf } from '../../src/report/html.ts'
import { scenarioText } from '../../src/report/sections/origin.ts'
import { scriptGroups } from '../../src/report/sections/own-workload.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { loadOf, scenarioOf } from '../build/scenario.ts'
import { analysisOf } from './fixture.ts'

const analysis = analysisOf()

it('shows the groups of a script by arm, whatever they are called, and nothing without one', async () => {
  const view = viewOf(pageData(analysis))
  expect(textOf(await scriptGroups(view, analysis))).toBe('')
  const load = view.loads[0]?.name ?? ''
  const cells = analysis.cells.filter((cell) => cell.load === load && cell.metric === 'p50')
  const counts = view.arms.map(({ name: arm }) => ({
    arm,
    iterations: 10,
    requests: 40,
    errors: 4,
    passed: 9,
    failed: 1,
  }))
  const script = [{ load, kind: 'group', path: ['shop', '<script>'], cells, counts }] as const
  const section = textOf(await scriptGroups(view, { ...analysis, script }))
  expect(section).toContain('shop › &lt;script&gt;')
  expect(section.match(/<td>40/g)).toHaveLength(view.arms.length)
  expect(section).toContain('10 %')
  expect(section).toContain('90 %')
  expect(section).toContain('This load has no script.')
})

it('writes loads with scripts as they are written in a scenario', () => {
  const script = { tool: 'k6', payload: 0, script: 'shop.js', scriptSha256: 'abc' } as const
  const loads = [
    loadOf({ ...script, name: 'shop-50', rate: 50 }),
    loadOf({ ...script, name: 'shop', rate: 'max', shape: 'own' }),
  ]
  const { scenario, problems } = parseScenario(scenarioText(scenarioOf({ loads })), 'scenario.yaml')
  expect(problems).toEqual([])
  expect(scenario?.loads).toEqual(loads.map(({ scriptSha256: _, ...load }) => load))
})
