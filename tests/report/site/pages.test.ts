import { describe, expect, it } from 'vitest'
import { trendsOfRun } from '../../../src/analyse/over-runs/trends.ts'
import type { HistoryEntry } from '../../../src/model/history.ts'
import { pageData } from '../../../src/report/data/page-data.ts'
import { viewOf } from '../../../src/report/data/view.ts'
import { historyPage } from '../../../src/report/site/history-page.ts'
import { indexPage } from '../../../src/report/site/index-page.ts'
import { type Published, publishedOf, publishedSchema } from '../../../src/report/site/published.ts'
import { analysisOf } from '../fixture.ts'
import { nightsOf } from './history-of.ts'

const analysis = analysisOf()
const published = publishedOf(viewOf(pageData(analysis)), analysis, { madeOf: 'x', meshbench: '0.1.0' })

const HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>'
const on = (day: number, changes: Partial<Published> = {}): Published => ({
  ...published,
  run: `run-${day}`,
  startedAt: `2026-03-${String(day).padStart(2, '0')}T02:00:00.000Z`,
  ...changes,
})

/** Nothing is fetched, nothing is run, and no name has become an element. */
function expectInert(page: string): void {
  expect(page).toContain(`content="default-src &#39;none&#39;; style-src`)
  expect(page).not.toMatch(/<script|<img|<link|<iframe| src=(?!x)|https?:\/\/(?!www\.w3\.org)/)
}

describe('what a site keeps of a run', () => {
  it('survives being written down', () => {
    expect(publishedSchema.parse(JSON.parse(JSON.stringify(published)))).toEqual(published)
    expect(published).toMatchObject({
      valid: 58,
      planned: 60,
      platform: 'local',
      machine: 'AMD EPYC 7B13, 8 cores, 32 GiB, kvm',
    })
    expect(published.headline).toMatch(/^http-500: p99 is .* with none/)
    expect(published.history).toHaveLength(10)
  })
})

describe('the index', () => {
  it('lists runs newest first, each with what it says, and links to its pages', () => {
    const page = indexPage([
      { folder: 'a b', published: on(1) },
      { folder: 'run-3', published: on(3, { gate: { verdict: 'regression', headline: 'envoy is slower' } }) },
      { folder: 'run-2', published: on(2) },
    ])
    expect([...page.matchAll(/href="([^"]+)\/report\.html"/g)].map(([, at]) => at)).toEqual(['run-3', 'run-2', 'a%20b'])
    expect(page).toContain('<span class="verdict regression">regression</span>')
    expect(page).toContain('58 of 60')
    expect(page).toContain('href="history.html"')
    expect(page).toContain('3 runs; the newest began on 2026-03-03 02:00 UTC')
    expectInert(page)
  })

  it('has no column for gates where no scenario has one', () => {
    expect(indexPage([{ folder: 'run-1', published: on(1) }])).not.toContain('Gate')
  })

  it('lists what could not be read, with the reason and with the page from before', () => {
    const page = indexPage([
      { folder: 'gone', trouble: 'run.json is not JSON' },
      { folder: 'run-1', published: on(1), trouble: 'its plan was changed' },
    ])
    expect(page).toContain('run.json is not JSON')
    expect(page).toContain('its plan was changed')
    expect(page).toContain('href="run-1/report.html"')
    expect(page).not.toContain('href="gone')
  })

  it('takes names for words', () => {
    const gate = { verdict: HOSTILE, headline: HOSTILE }
    const all = {
      scenario: HOSTILE,
      platform: HOSTILE,
      machine: HOSTILE,
      headline: HOSTILE,
      caveat: HOSTILE,
      startedAt: HOSTILE,
    }
    expectInert(indexPage([{ folder: `../${HOSTILE}`, published: on(1, { ...all, gate }), trouble: HOSTILE }]))
  })
})

/** Ten runs; from the seventh on one arm costs half as much again, with another version. */
const nights: HistoryEntry[] = Array.from({ length: 10 }, (_, index) => on(index + 1)).flatMap(
  ({ run, startedAt, history }, night) =>
    history.map((entry) => {
      const factor = (entry.arm === 'envoy-sidecar' && night >= 6 ? 1.5 : 1) * (1 + 0.004 * ((night * 7) % 5))
      const metrics = Object.fromEntries(
        Object.entries(entry.metrics).map(([name, { ratio, ...rest }]) => [
          name,
          { ...rest, ...(ratio && { ratio: { ...ratio, center: ratio.center * factor } }) },
        ]),
      )
      return {
        ...entry,
        run,
        startedAt,
        metrics,
        versions: { ...entry.versions, envoy: night >= 6 ? '1.41.0' : '1.40.0' },
      }
    }),
)

describe('meshes and versions', () => {
  const { entries, published: runs } = nightsOf({ runs: 40 })
  const page = indexPage(runs, entries)

  it('answers which mesh, and marks a tie', () => {
    const lead = /<p class="lead">(.*?)<\/p>/.exec(page)?.[1]?.replace(/<[^>]+>/g, '')
    expect(lead).toMatch(/^Among the newest versions, Istio ambient \(L4\) 1\.29\.1 has the lowest p99: \+3\d/)
    expect(lead).toContain('Linkerd 2.18 is not told apart from it; Istio (sidecar) 1.29.1 is higher.')
  })

  it('links every run of a version to its page', () => {
    const row = page.split('<tr').find((one) => one.includes('Istio (sidecar)') && one.includes('1.28.0')) ?? ''
    expect(row.match(/href="2026-[^"]+\/report\.html"/g)).toHaveLength(1 + 25)
    expectInert(page)
  })

  it('has a table for each kind of machine and load, and none without a mesh', () => {
    const fast = entries.map((entry) => ({ ...entry, load: 'http-2000' }))
    expect(indexPage(runs, [...entries, ...fast]).match(/data-part="costs-mesh-/g)).toHaveLength(2)
    expect(
      indexPage(
        runs,
        entries.filter(({ mesh }) => mesh === 'none'),
      ),
    ).not.toContain('Meshes and versions</h2>')
  })

  it('takes names for words', () => {
    const hostile = entries.map((entry) => ({
      ...entry,
      load: HOSTILE,
      mesh: HOSTILE,
      versions: { version: HOSTILE, values: HOSTILE },
    }))
    expectInert(indexPage(runs, hostile))
  })

  it('names new versions in the history, with links to the runs on both sides of a change', async () => {
    const pages = new Map(runs.map(({ folder }) => [folder, `${folder}/report.html`]))
    const history = await historyPage(entries, pages)
    const [, versions = '', changes = ''] =
      /New versions<\/h3><ul>(.*?)<\/ul>.*Changes<\/h3><ul>(.*?)<\/ul>/s.exec(history) ?? []
    expect(history).toContain('>p99 latency of the baseline</a>')
    expect(history).toContain('>CPU of the mesh per million requests</a>')
    expect(versions.match(/<li>/g)).toHaveLength(2)
    expect(versions).toContain(
      '<b class="name">ambient</b> 1.28.0 → 1.29.1, from <a href="2026-06-29T0200-nightly/report.html">',
    )
    expect(changes).toContain(
      'after <a href="2026-06-22T0200-nightly/report.html">2026-06-22T0200-nightly</a>, from <a',
    )
    expectInert(history)
  })
})

describe('the history', () => {
  it('draws every arm and load, and says when what changed', async () => {
    const page = await historyPage(nights)
    expect(page.match(/<figure /g)).toHaveLength(2 * (2 + 2 + 1))
    expect(page).toContain('10 runs.')
    expect(page).toMatch(/<b>2026-03-07<\/b>: p99 latency of <b class="name">envoy-sidecar<\/b> \+\d+/)
    expect(page).toContain('Changed versions: envoy 1.40.0 → 1.41.0.')
    expectInert(page)
  })

  it('never puts two kinds of machine into one line', async () => {
    const page = await historyPage([...nights, ...nights.map((entry) => ({ ...entry, machine: 'another' }))])
    expect(page.match(/<h2 /g)).toHaveLength(4)
  })

  it('says so where one run is no trend, or there is none', async () => {
    expect(await historyPage(published.history)).toContain('No chart: 1 run so far; a trend needs two.')
    expect(await historyPage([])).toContain('No run with a valid trial is in the history.')
  })

  it('takes names for words', async () => {
    expectInert(
      await historyPage(nights.map((entry) => ({ ...entry, load: HOSTILE, platform: HOSTILE, machine: HOSTILE }))),
    )
    const renamed = nights.map((entry) =>
      entry.arm === 'envoy-sidecar' ? { ...entry, arm: HOSTILE, versions: { [HOSTILE]: entry.run } } : entry,
    )
    expectInert(await historyPage(renamed))
  })
})

describe('the trends of a run', () => {
  const before = nights.filter(({ startedAt }) => startedAt < analysis.record.run.startedAt)

  it('end in it, however many runs there were since', () => {
    const later = nights.map((entry) => ({ ...entry, run: 'later', startedAt: '2027-01-01T00:00:00.000Z' }))
    const last = { ...analysis.record.run, startedAt: '2026-03-20T00:00:00.000Z' }
    const now = { ...analysis, record: { ...analysis.record, run: last } }
    const trends = trendsOfRun(now, [...nights, ...later])
    // Two arms without a mesh have none of its CPU.
    expect(trends).toHaveLength(5 * 2 * 3 - 2 * 2)
    for (const { points } of trends) {
      expect(points).toHaveLength(11)
      expect(points.at(-1)?.run).toBe(last.id)
    }
  })

  it('are none where no run came before', () => {
    expect(before.filter(({ run }) => run !== 'run-1')).toEqual([])
    expect(trendsOfRun(analysis, [])).toEqual([])
    expect(trendsOfRun(analysis, published.history)).toEqual([])
    expect(
      trendsOfRun(
        analysis,
        nights.map((entry) => ({ ...entry, machine: 'another', startedAt: '2020' })),
      ),
    ).toEqual([])
  })
})
