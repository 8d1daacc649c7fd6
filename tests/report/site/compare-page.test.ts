import { describe, expect, it } from 'vitest'
import { metrics } from '../../../src/analyse/metrics.ts'
import { compareSides } from '../../../src/compare/compare-runs.ts'
import type { Analysis } from '../../../src/model/analysis.ts'
import type { Result } from '../../../src/model/result.ts'
import { comparePage } from '../../../src/report/site/compare-page.ts'
import { analysisOf } from '../fixture.ts'

const HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>'
/** With fewer blocks, exact ranks could decide nothing among so many comparisons. */
const scenario = { blocks: 6 }
const before = analysisOf({ scenario })
/** A week later: one arm has another version, and its proxies take half as much CPU again. */
const after = renamed(
  analysisOf({
    scenario,
    results: (result) => (result.trial.arm === 'envoy-sidecar' ? withVersion(result, 'Envoy 1.41.0', 1.5) : result),
  }),
)

function renamed({ record, ...rest }: Analysis): Analysis {
  const run = { ...record.run, id: '2026-03-08T20-15-00-standard', startedAt: '2026-03-08T20:15:00.000Z' }
  return { ...rest, record: { ...record, run } }
}

function withVersion(result: Result, version: string, cpu: number): Result {
  const { outcome } = result
  if (outcome.status !== 'measured') return result
  const { observation } = outcome.reading
  const evidence = observation.evidence.map((one) => (one.name === 'version' ? { ...one, seen: version } : one))
  const usage = observation.usage.map((one) =>
    one.role === 'client-proxy' || one.role === 'server-proxy' ? { ...one, cpuSeconds: one.cpuSeconds * cpu } : one,
  )
  const reading = { ...outcome.reading, observation: { ...observation, evidence, usage } }
  return { ...result, outcome: { ...outcome, reading } }
}

async function pageOf(
  a: Analysis,
  b: Analysis,
  arms: readonly (readonly [string, string])[],
  pages: readonly [string | undefined, string | undefined] = [undefined, undefined],
): Promise<string> {
  const sides = arms.map(
    ([one, other]) =>
      [
        { analysis: a, arm: one },
        { analysis: b, arm: other },
      ] as const,
  )
  const infos = metrics.map(({ info }) => info)
  return comparePage(compareSides(sides), { sides, metrics: infos, command: 'meshbench compare a b', pages })
}

const ARMS = ['none', 'none-again', 'envoy-sidecar', 'envoy-node'].map((name) => [name, name] as const)

/** The row of an arm in the first table, as text. */
function rowOf(page: string, arm: string): string {
  const row = page.split('<tr').find((one) => one.includes(`<span>${arm}</span>`)) ?? ''
  return row.replace(/<svg.*?<\/svg>/g, '').replace(/<[^>]+>/g, ' ')
}

describe('the page of two runs', () => {
  it('names the arm that changed first, by how much, and between which versions', async () => {
    const page = await pageOf(before, after, ARMS)
    const [, lead = ''] = /<p class="lead">(.*?)<\/p>/.exec(page) ?? []
    expect(lead).toMatch(/^<b class="name">envoy-sidecar<\/b> under http-\d+: CPU of the mesh \+[45]\d\s%/)
    expect(page).toContain('envoy-sidecar: version seen Envoy 1.40.0 → Envoy 1.41.0')
    expect(rowOf(page, 'envoy-sidecar')).toContain('B higher')
    for (const same of ['none', 'none-again', 'envoy-node']) expect(rowOf(page, same)).not.toContain('B higher')
    expect(page).toContain('<h1>standard: <span class="date">2026-03-01</span> (A) and <span class="date">2026-03-08')
  })

  it('says so where nothing changed', async () => {
    const page = await pageOf(before, renamed(before), ARMS)
    expect(page).toMatch(/<p class="lead">No (?:difference between|figure of)/)
    expect(page).toContain('No recorded version of a mesh or a tool changed from A to B.')
    expect(page).not.toMatch(/class="(?:worse|better)"/)
  })

  it('links the page of a run, and says how to write one that is missing', async () => {
    const page = await pageOf(before, after, ARMS, ['../a/report.html', undefined])
    expect(page).toContain('<a href="../a/report.html"><code>2026-03-01T20-15-00-standard</code></a>')
    expect(page).toContain('meshbench report 2026-03-08T20-15-00-standard')
  })

  it('has every figure of both sides, and no script', async () => {
    const page = await pageOf(before, after, ARMS)
    const numbers = page.split('<details><summary>Numbers</summary>').slice(1)
    expect(numbers).toHaveLength(2)
    for (const fold of numbers) expect(fold.split('</table>')[0]?.match(/<tr>/g)).toHaveLength(1 + ARMS.length * 6)
    expect(page).not.toMatch(/<script|<img|<link|<iframe|<noscript| src=|https?:\/\/(?!www\.w3\.org)/)
  })
})

describe('the page of two arms of one run', () => {
  it('pairs them, and has no list of other changes', async () => {
    const page = await pageOf(before, before, [['none', 'envoy-sidecar']])
    expect(page).toContain('<h1>envoy-sidecar compared with none</h1>')
    expect(page).toContain('<p class="winner">Paired</p>')
    expect(page).not.toContain('id="changed"')
    expect(page).toMatch(/<p class="lead"><b class="name">envoy-sidecar<\/b> against <b class="name">none<\/b> under/)
  })
})

describe('names of a comparison', () => {
  it('are words', async () => {
    const run = { ...after.record.run, id: HOSTILE, startedAt: HOSTILE }
    const provenance = { ...run.provenance, meshbench: HOSTILE, node: HOSTILE, caveat: HOSTILE }
    const named = { ...run.plan.scenario, name: HOSTILE }
    const b = {
      ...after,
      record: { ...after.record, run: { ...run, provenance, plan: { ...run.plan, scenario: named } } },
    }
    expect(await pageOf(before, b, ARMS)).not.toMatch(/<script|<img/)
  })
})
