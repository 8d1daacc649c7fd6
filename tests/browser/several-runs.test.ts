import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { metrics } from '../../src/analyse/metrics.ts'
import { compareSides } from '../../src/compare/compare-runs.ts'
import { probes } from '../../src/features/probes/index.ts'
import { FEATURE_VERDICTS, type FeatureResult, type FeatureVerdict } from '../../src/model/feature.ts'
import { comparePage } from '../../src/report/site/compare-page.ts'
import { featuresPage } from '../../src/report/site/features-page.ts'
import { historyPage } from '../../src/report/site/history-page.ts'
import { indexPage } from '../../src/report/site/index-page.ts'
import { analysisOf } from '../report/fixture.ts'
import { nightsOf } from '../report/site/history-of.ts'
import { sharedFolder } from '../temporary-folder.ts'
import { absent, open, openDetails, where } from './open-report.ts'

const CASES = (['light', 'dark'] as const).flatMap((theme) => [320, 1280].map((width) => ({ theme, width })))

async function comparisonFile(): Promise<string> {
  const a = analysisOf({ scenario: { blocks: 6 } })
  const other = analysisOf({ scenario: { blocks: 6, seed: 7 } })
  const b = { ...other, record: { ...other.record, run: { ...other.record.run, id: 'another' } } }
  const sides = a.record.run.plan.scenario.arms.map(
    ({ name: arm }) =>
      [
        { analysis: a, arm },
        { analysis: b, arm },
      ] as const,
  )
  const about = {
    sides,
    metrics: metrics.map(({ info }) => info),
    command: 'meshbench compare a b',
    pages: ['a.html', undefined] as const,
  }
  const file = join(sharedFolder(), 'compare.html')
  await writeFile(file, await comparePage(compareSides(sides), about))
  return file
}

async function siteFiles() {
  const { entries, published } = nightsOf({ runs: 20 })
  const [index, history] = ['index.html', 'history.html'].map((name) => join(sharedFolder(), name)) as [string, string]
  await writeFile(index, indexPage(published, entries))
  await writeFile(history, await historyPage(entries))
  return { index, history }
}

async function featuresFile(): Promise<string> {
  const results = probes.flatMap((probe): FeatureResult[] =>
    ARMS.map((arm, index) => ({
      ...{ schema: 1, run: 'r', arm, mesh: arm, version: '1.0', feature: probe.name, reason: 'Requests showed it.' },
      ...{ verdict: VERDICTS[(index + probe.name.length) % VERDICTS.length] ?? 'works', effectAfter: 0.3 },
      ...{ source: 'https://example.com/', startedAt: '', endedAt: '' },
      objects: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'probe' } }],
      observations: [{ when: 'with', holds: true, seen: '20 × 200' }],
    })),
  )
  const provenance = { meshbench: '1', platform: 'kind', commandLine: ['meshbench', 'features'] }
  const arms = ARMS.map((name) => ({ name, mesh: name }))
  const file = join(sharedFolder(), 'features.html')
  await writeFile(
    file,
    featuresPage({ run: 'r', startedAt: '2026-01-01T00:00:00Z', provenance, arms, probes, results }),
  )
  return file
}

const ARMS = ['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd']
const VERDICTS = Object.keys(FEATURE_VERDICTS) as FeatureVerdict[]

describe.skipIf(absent)(`the pages of several runs, ${where}`, () => {
  let axe: string
  let files: Readonly<Record<string, string>>
  beforeAll(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    files = { comparison: await comparisonFile(), features: await featuresFile(), ...(await siteFiles()) }
  })

  it.each(CASES)('are for everybody: $theme, $width px', async ({ theme, width }) => {
    for (const [name, file] of Object.entries(files)) {
      await open(
        { file, colorScheme: theme, viewport: { width, height: 900 }, bypassCSP: true },
        async (page, seen) => {
          await openDetails(page)
          await page.evaluate(axe)
          const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults
          expect(
            violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
            name,
          ).toEqual([])
          expect(seen).toEqual({ requests: [], complaints: [] })
        },
      )
    }
  })

  it.each([320, 390, 768, 1280, 2560])('scroll nothing sideways at %i px', async (width) => {
    for (const [name, file] of Object.entries(files)) {
      await open({ file, viewport: { width, height: 900 } }, async (page) => {
        await openDetails(page)
        await page.locator('section').evaluateAll((all) => {
          for (const one of all)
            (one as unknown as { style: { contentVisibility: string } }).style.contentVisibility = 'visible'
        })
        const tooWide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        expect(await page.evaluate(tooWide), name).toBe(0)
      })
    }
  })
})
