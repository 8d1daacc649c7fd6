import { beforeAll, describe, expect, it } from 'vitest'
import type { Load } from '../../src/model/scenario.ts'
import { errorRateCharts } from '../../src/report/charts/error-rates.ts'
import { allCharts } from '../../src/report/charts/index.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { formatRatio } from '../../src/report/format.ts'
import { textOf as markupOf } from '../../src/report/html.ts'
import { winners } from '../../src/report/sections/answer.ts'
import { scenarioText } from '../../src/report/sections/origin.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { analysisOf, CAVEAT, pageOf, scenario } from './fixture.ts'

const about = { generatedAt: '2026-03-01T21:00:00Z' }
/** As of a model, whose arms may be ranked: architectures on one proxy may not. */
const analysis = analysisOf({ provenance: { platform: 'simulated' } })
let page = ''

/** Without markup and with plain spaces. */
const textOf = (markup: string) =>
  markup
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\u{A0}]+/gu, ' ')

const occurrences = (text: string, part: string) => text.split(part).length - 1

beforeAll(async () => {
  page = await pageOf(analysis, about)
})

describe('the report of a run', () => {
  it('answers first, and says on what platform', () => {
    const text = textOf(page)
    expect(text).toContain(CAVEAT)
    expect(text).toMatch(
      /At 500 requests\/s, p99 is [\d.]+ (µs|ms) with none \(geometric mean, 6 trials\): envoy-sidecar adds [\d.]+ (µs|ms) \(\+\d+ %\)/,
    )
    expect(text).toContain('30 of 30 trials valid')
    expect(text).toContain('28 of 30 trials valid Why the others are not valid.')
    expect(text).toMatch(/Noise floor: two equal arms differ by up to \+[\d.]+ % at p99/)
    expect(text.indexOf(CAVEAT)).toBeLessThan(text.indexOf('envoy-sidecar adds'))
  })

  it('calls no lead real if the run is not reliable', async () => {
    const data = pageData(analysis)
    const [load] = data.loads as [Load, ...Load[]]
    const winnersOf = (unreliable: readonly string[]) =>
      textOf(markupOf(winners(viewOf({ ...data, unreliable }), load)))
    expect(data.unreliable).toEqual([])
    expect(winnersOf([])).toContain('A real difference.')
    expect(winnersOf([load.name])).not.toContain('A real difference.')
    expect(winnersOf([load.name])).toContain('The run is not reliable.')
  })

  it('says who is cheapest under the budget, and whether the lead is real', () => {
    const text = textOf(page)
    expect(text).toMatch(
      /Cheapest under a p99 of 10 ms envoy-node \$[\d.]+ a month A real difference\. envoy-\S+ is next with \$[\d.]+ a month \([^)]*, 95 % interval\)\..* By the cost model, for 100 pods with 20\/s each, at list prices\./,
    )
    expect(text).toMatch(/Lowest p99 envoy-node [\d.]+ (µs|ms)/)
  })

  it('has every section once, in order, under headings that skip no level', () => {
    const ids = [
      'answer-0',
      'answer-1',
      'differences',
      'costs',
      'latency',
      'resources',
      'cluster-size',
      'stalls',
      'fairness',
      'problems',
      'trials',
    ]
    const places = [...ids, 'method', 'reproduce', 'provenance'].map((id) => page.indexOf(`<h2 id="${id}"`))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(Math.min(...places)).toBeGreaterThan(0)
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level))
    expect(levels[0]).toBe(1)
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
  })

  it('shows the figures of the analysis', () => {
    const cell = analysis.cells.find(
      (one) => one.arm === 'envoy-sidecar' && one.load === 'http-2000' && one.metric === 'p99',
    )
    expect(cell?.standing).toBe('higher')
    expect(textOf(page)).toContain(formatRatio(cell?.ratio?.center ?? 0).replaceAll('\u{A0}', ' '))
    expect(textOf(page)).toContain('no relevant difference')
  })

  it('draws every chart once, with a name, a sentence and its numbers', () => {
    const figures = [...page.matchAll(/<figure id="([^"]+)" data-chart="[^"]+">.*?<\/figure>/gs)]
    const charts = allCharts(viewOf(pageData(analysis)))
    expect(figures.map(([, id]) => id).toSorted()).toEqual(charts.map(({ id }) => id).toSorted())
    expect(charts.length).toBeGreaterThan(20)
    for (const [markup, id] of figures) {
      expect(markup).toMatch(/<svg viewBox="0 0 (?:548|1136) /)
      expect(markup).toContain(`role="img" aria-labelledby="${id}-title" aria-describedby="${id}-sentence"`)
      expect(markup).toContain('<details><summary>Numbers')
    }
  })

  it('repeats no id', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('lists every trial, and says of those that do not count why', () => {
    const trials = /<section aria-labelledby="trials">.*?<\/section>/s.exec(page)?.[0] ?? ''
    const table = [...trials.matchAll(/<table class="plain trials">.*?<\/table>/gs)].join('')
    expect(occurrences(table, '<tr')).toBe(62)
    expect(textOf(table)).toMatch(/Late p50 Late p99 Latest/)
    expect(textOf(table)).toMatch(/40\sµs 300\sµs 2\sms/)
    const limits = textOf(/<section aria-labelledby="problems">.*?<\/section>/s.exec(page)?.[0] ?? '')
    expect(limits).toMatch(/invalid: envoy-sidecar, http-2000.*Cause .* Effect .* Remedy /)
    expect(limits).toMatch(/The trial failed failed: envoy-node, http-2000, block 5.*SIGSEGV.*Remedy See the proxy/)
  })

  it('shows the evidence, the provenance and how to do it again', () => {
    const text = textOf(page)
    for (const part of [
      '32 handshakes',
      '0 retries',
      'AMD EPYC 7B13',
      '9f2c9f2c',
      'meshbench run standard --seed 42',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('with uncommitted changes')
  })

  it('asks nothing of any network, runs nothing and stays small', () => {
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;`)
    expect(page).not.toMatch(/<script|<link|<iframe|<img|@import|url\(| src=| on[a-z]+="/)
    expect(page).not.toMatch(/https?:\/\//)
    expect(Buffer.byteLength(page)).toBeLessThan(700_000)
  })

  it('is the same for the same analysis', async () => {
    const small = analysisOf({ scenario: { blocks: 1, loads: scenario.loads.slice(0, 1) } })
    expect(await pageOf(small, about)).toBe(await pageOf(small, about))
  })

  it('gives a scenario that parses to the same arms and loads', () => {
    const parsed = parseScenario(scenarioText(scenario), 'scenario.yaml')
    expect(parsed.problems).toEqual([])
    expect(parsed.scenario).toMatchObject({
      arms: scenario.arms,
      loads: scenario.loads,
      seed: 42,
      cohorts: 2,
      blocks: 3,
    })
  })
})

describe('hostile names', () => {
  const hostile = `"><script>alert('1')</script><img src=x onerror=alert(2)>`

  it('are text wherever they appear', async () => {
    const [, ...rest] = scenario.arms
    const named = await pageOf(
      analysisOf({
        scenario: {
          name: hostile,
          loads: scenario.loads.slice(0, 1),
          arms: [{ name: hostile, mesh: hostile, version: hostile }, ...rest],
        },
        provenance: {
          commandLine: ['meshbench', hostile],
          caveat: hostile,
          tools: [{ name: hostile, version: hostile, origin: hostile }],
        },
      }),
      { ...about, title: hostile },
    )
    expect(named).not.toContain('<script')
    expect(named).not.toContain('<img')
    expect(occurrences(named, '&lt;script&gt;')).toBeGreaterThan(20)
  })
})

describe('little data', () => {
  it('gives reasons instead of charts where no trial is valid', async () => {
    const failure = { code: 'no-answer', message: 'the server did not answer' }
    const empty = await pageOf(
      analysisOf({ results: (result) => ({ ...result, outcome: { status: 'failed', failure } }) }),
      about,
    )
    // Only the harness's own error rates are known without a trial.
    expect(
      [...empty.matchAll(/<figure id="([^"]+)"[^>]*>(?:(?!<\/figure>).)*role="img"/gs)].map(([, id]) => id),
    ).toEqual(errorRateCharts().map(({ id }) => id))
    expect(textOf(empty)).toContain('Not reliable 0 of 30 trials valid')
    expect(textOf(empty)).toContain('No chart: no trial of this load is valid.')
    expect(textOf(empty)).toContain('none has no valid trial, so nothing can be compared with it.')
    expect(textOf(empty)).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('says so where nothing has been run yet', async () => {
    const text = textOf(await pageOf(analysisOf({ results: () => undefined }), about))
    expect(text).toContain('0 of 30 trials valid')
    expect(text).toContain('No trial has been run.')
  })

  it('stands a single block without an A/A pair', async () => {
    const small = analysisOf({ scenario: { arms: scenario.arms.slice(0, 1), cohorts: 1, blocks: 1 } })
    const text = textOf(await pageOf(small, about))
    expect(text).toContain('No noise floor: there is no A/A pair with valid data.')
    expect(text).toContain('there is no other arm to compare')
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('explains why a closed loop has no response time', async () => {
    const loads = scenario.loads.slice(0, 1).map((load) => ({ ...load, rate: 'max' as const }))
    const text = textOf(await pageOf(analysisOf({ scenario: { loads } }), about))
    expect(text).toContain('No chart: this load sends as soon as it has an answer')
    expect(text).toContain('a closed loop has no intended send')
  })
})
