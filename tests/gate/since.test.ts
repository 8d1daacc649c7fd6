import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { historyEntries } from '../../src/analyse/over-runs/trends.ts'
import { analysisOf } from '../../src/commands/gate.ts'
import { gate } from '../../src/gate/gate-run.ts'
import { accept } from '../../src/gate/reference.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { meshbench } from '../flow/surroundings.ts'
import { type Night, night } from './night.ts'

const CANDIDATE = 'sidecar'
const EFFECT = 1.2

/** Earlier runs in which the candidate had these ratios to its reference and these versions, the oldest first. */
function earlier(now: Analysis, runs: readonly (readonly [ratio: number, version: string])[]): HistoryEntry[] {
  return runs.flatMap(([ratio, version], index) =>
    historyEntries(now).map((entry) => {
      const isCandidate = entry.arm === CANDIDATE
      const change = isCandidate ? ratio / EFFECT : 1
      return {
        ...entry,
        run: `run-${index + 1}`,
        startedAt: `2025-12-0${index + 1}T00:00:00.000Z`,
        versions: { proxy: isCandidate ? version : '1.0' },
        metrics: Object.fromEntries(
          Object.entries(entry.metrics).map(([name, { level, ratio: toBaseline, ...about }]) => [
            name,
            {
              ...about,
              level: { ...level, center: level.center * change },
              ...(toBaseline && { ratio: { ...toBaseline, center: toBaseline.center * change } }),
            },
          ]),
        ),
      }
    }),
  )
}

function p50Of(now: Analysis, history: readonly HistoryEntry[], more = {}) {
  const today = new Date().toISOString().slice(0, 10)
  const { cells } = gate(now, { limits: defaultLimits(), today, history, ...more })
  return cells.find(({ metric, arm }) => metric.name === 'p50' && arm === CANDIDATE)
}

/** The same run each time: nights are kept. */
async function nightWith(effect: number): Promise<Analysis> {
  return await analysisOf((await night({ effect, noise: 0.005 })).dir)
}

describe('a regression', () => {
  it('is dated to the first run that has it, with the versions that changed then', async () => {
    const now = await nightWith(EFFECT)
    const history = earlier(now, [
      [1, '1.1'],
      [1.01, '1.2'],
      [1.21, '1.3'],
      [1.2, '1.3'],
    ])
    const cell = p50Of(now, history)
    expect(cell?.verdict).toBe('regression')
    expect(cell?.since).toMatchObject({
      run: 'run-3',
      earlier: 2,
      before: { run: 'run-2', versions: [{ what: 'proxy', from: '1.2', to: '1.3' }] },
    })
    expect(cell?.message).toMatch(
      /Since run-3 \(2 runs before this one\)\. The last run with less than half of it is run-2 \(\+\d\.\d %\)\. Changed between them: proxy 1\.2 → 1\.3\.$/,
    )
  })

  it('may be of a reference that became better', async () => {
    const now = await nightWith(EFFECT)
    const history = earlier(now, [
      [1, '1.1'],
      [1.2, '1.1'],
    ]).map((entry) =>
      entry.arm === 'sidecar-ref' ? { ...entry, versions: { proxy: entry.run === 'run-1' ? '1.0' : '1.1' } } : entry,
    )
    expect(p50Of(now, history)?.message).toContain('Changed between them: proxy of sidecar-ref 1.0 → 1.1.')
  })

  it('is of this run if the run before was without it, whatever older ones had', async () => {
    const now = await nightWith(EFFECT)
    const cell = p50Of(
      now,
      earlier(now, [
        [1.2, '1.1'],
        [1, '1.2'],
      ]),
    )
    expect(cell?.since).toMatchObject({ run: now.record.run.id, earlier: 0, before: { run: 'run-2' } })
    expect(cell?.message).toContain('New in this run. The last run with less than half of it is run-2 (')
  })

  it('was always there if all earlier runs had it', async () => {
    const now = await nightWith(EFFECT)
    const cell = p50Of(
      now,
      earlier(now, [
        [1.19, '1.1'],
        [1.22, '1.1'],
      ]),
    )
    expect(cell?.message).toContain('All earlier runs of the history that can be compared (2) have it, since run-1.')
  })

  it('against a pinned reference is dated by what the accepted runs had', async () => {
    const now = await nightWith(EFFECT)
    const healthy = await nightWith(1)
    const runs = [healthy, healthy].map((analysis, index) => ({
      ...analysis,
      record: { ...analysis.record, run: { ...analysis.record.run, id: `accepted-${index}` } },
    }))
    const limits = defaultLimits()
    const pinned = accept(runs, { reason: 'a test', at: '2026-01-01T00:00:00.000Z' })
    const cell = p50Of(
      now,
      earlier(now, [
        [1, '1.1'],
        [1.02, '1.1'],
        [1.2, '1.2'],
      ]),
      { pinned, limits: { ...limits, defaults: { ...limits.defaults, night: { deviation: 0.01, runs: 20 } } } },
    )
    expect(cell).toMatchObject({ breach: true, since: { run: 'run-3', before: { run: 'run-2' } } })
  })

  it('has no date without a history; what is no regression has none', async () => {
    const now = await nightWith(EFFECT)
    const healthy = await nightWith(1)
    expect(p50Of(now, [])?.since).toBeUndefined()
    expect(p50Of(healthy, earlier(healthy, [[1.2, '1.1']]))?.since).toBeUndefined()
  })
})

/** The first words of a page: its verdict, as text. */
async function verdictOnPage(of: Night): Promise<string> {
  const { code, stderr } = await meshbench(['report'], { cwd: of.cwd })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const page = readFileSync(join(of.dir, 'report.html'), 'utf8')
  const [, verdict = ''] = /<section class="gate"(.*?)<\/section>/s.exec(page) ?? []
  expect(page.indexOf(verdict)).toBeLessThan(page.indexOf('<div id="bar">'))
  return verdict.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
}

describe('the page of a run with limits', () => {
  it('leads with what is worse, by how much, and how to measure it again', async () => {
    const verdict = await verdictOnPage(await night({ effect: EFFECT, noise: 0.005 }))
    expect(verdict).toMatch(/Regression \(3 cells: 2 regression, 1 pass\)/)
    expect(verdict).toMatch(/p50 latency of sidecar under web: \+\d+ % against sidecar-ref \( ?95 % interval/)
    expect(verdict).toContain(
      'Measure it again: meshbench run night.yaml --platform simulated --arms sidecar,sidecar-ref',
    )
  })

  it('names what is worse and does not decide', async () => {
    const waivers = `waivers: [{ match: 'sidecar/*/p50', until: ${new Date(Date.now() + 864e5).toISOString().slice(0, 10)}, reason: known }]`
    const assert = "assert: { '*/*/typical-p99': warn }"
    const verdict = await verdictOnPage(
      await night({ effect: EFFECT, noise: 0.005, gate: `{ ${waivers}, ${assert} }` }),
    )
    expect(verdict).toContain('Does not decide (waived): p50 latency of sidecar under web is worse')
    expect(verdict).toContain('Does not decide (level warn): p99 of a typical second of sidecar under web is worse')
  })

  it('says that nothing is worse, or why nothing was judged', async () => {
    expect(await verdictOnPage(await night({ noise: 0.005 }))).toMatch(/Gate Pass \(3 cells: 3 pass\) $/)
    const unknown = await verdictOnPage(await night({ noise: 0.005, gate: '{ pinned: gone.json }' }))
    expect(unknown).toMatch(/Gate Not judged .*gone\.json/)
  })
})
