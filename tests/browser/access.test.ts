import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { absent, bring, open, openDetails, openMore, reportFile, where } from './open-report.ts'

const ID = 'spectrum-0-response'
const CASES = (['light', 'dark'] as const).flatMap((theme) => [320, 1280].map((width) => ({ theme, width })))

describe.skipIf(absent)(`the live page is for everybody, ${where}`, () => {
  let axe: string
  beforeAll(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  })
  async function violations(page: Page) {
    await page.evaluate(axe)
    const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults
    return found.violations.map(({ id, nodes }) => ({ id, where: nodes.slice(0, 3).map(({ html }) => html) }))
  }

  it.each(CASES)(
    'axe finds no violation with controls, a live chart and a changed analysis: $theme, $width px',
    async ({ theme, width }) => {
      const options = { colorScheme: theme, viewport: { width, height: 900 }, bypassCSP: true }
      await open(options, async (page) => {
        await openMore(page)
        await page.getByLabel('Baseline').selectOption('envoy-node')
        await bring(page, ID)
        if (theme === 'light' ? width === 320 : width === 1280) await openDetails(page)
        expect(await violations(page)).toEqual([])
      })
    },
  )

  it('axe finds no violation in another run beside it', async () => {
    const other = await reportFile({ scenario: { profile: 'defaults' } })
    await open({ bypassCSP: true }, async (page) => {
      await openMore(page)
      await page.getByLabel('Compare with another run’s report').setInputFiles(other)
      await page.locator('#other-run table').waitFor()
      expect(await violations(page)).toEqual([])
    })
  })

  it('scrolls nothing sideways at any width with everything shown', async () => {
    await open({ viewport: { width: 320, height: 900 } }, async (page) => {
      await openMore(page)
      await page.getByLabel('Baseline').selectOption('envoy-node')
      await bring(page, ID)
      await openDetails(page)
      for (const width of [320, 390, 768, 1280, 2560]) {
        await page.setViewportSize({ width, height: 900 })
        const tooWide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        expect(await page.evaluate(tooWide), `${width} px`).toBe(0)
      }
    })
  })

  it('offers nothing smaller than 24 px', async () => {
    await open({ viewport: { width: 390, height: 800 } }, async (page) => {
      await bring(page, ID)
      await openMore(page)
      const sizes = await page
        .locator('#controls :is(select, button, input[type=file], label.tick), summary, .menu button')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).filter(({ height }) => height > 0))
      expect(sizes.length).toBeGreaterThan(15)
      expect(Math.min(...sizes.map(({ height, width }) => Math.min(height, width)))).toBeGreaterThanOrEqual(24)
    })
  })

  it('can be worked by keyboard alone, and shows where it is', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.getByLabel('Baseline').focus()
      await page.keyboard.press('ArrowDown')
      expect(await page.locator('#unpublished').isVisible()).toBe(true)
      for (let tab = 0; tab < 2; tab++) await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      for (let tab = 0; tab < 3; tab++) await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.value')).toBe('none')
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
      await page.keyboard.press('Space')
      expect(await page.locator('[data-part="costs-0"] tbody tr').count()).toBe(4)
    })
  })

  it('stops the Tab key at no more places than a reader would pass', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.locator('#controls form').waitFor()
      const stops = await page
        .locator('a[href], button, select, input, summary, [tabindex]')
        .evaluateAll(
          (all) =>
            all.filter((one) => (one as unknown as { tabIndex: number }).tabIndex >= 0 && one.checkVisibility()).length,
        )
      expect(stops).toBeLessThan(120)
    })
  })

  it('moves nothing by itself where motion is not wanted', async () => {
    await open({ reducedMotion: 'reduce', hash: `#${ID}&scale=linear` }, async (page) => {
      await bring(page, ID)
      const moving = 'document.getAnimations().length'
      expect(await page.evaluate(moving)).toBe(0)
      expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto')
    })
  })

  it('stays legible where colours are forced', async () => {
    await open({ forcedColors: 'active', viewport: { width: 1280, height: 900 } }, async (page, seen) => {
      await bring(page, ID)
      await page.locator(`#${ID} .is-live`).focus()
      await page.keyboard.press('ArrowRight')
      const border = await page.evaluate("getComputedStyle(document.querySelector('.ring')).borderTopWidth")
      expect(border).toBe('2px')
      const [ink, paper] = (await page.evaluate(
        `[getComputedStyle(document.querySelector('#${ID} .live text')).fill, getComputedStyle(document.body).backgroundColor]`,
      )) as string[]
      expect(ink).not.toBe(paper)
      expect(seen.complaints).toEqual([])
    })
  })

  it('prints the drawings that came with it, and others only where they were asked for', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      const shown = (what: string) =>
        page.evaluate(`getComputedStyle(document.querySelector('#${ID} ${what}')).display`)
      await page.emulateMedia({ media: 'print' })
      expect([await shown('.still'), await shown('.live')]).toEqual(['block', 'none'])
      expect(await page.locator('#controls form').isVisible()).toBe(false)
      await page.emulateMedia({ media: 'screen' })
      await openMore(page)
      await page.getByLabel('Latency axes').selectOption('linear')
      await bring(page, ID)
      await page.locator(`#${ID}:not([data-stale])`).waitFor()
      await page.emulateMedia({ media: 'print' })
      expect([await shown('.still'), await shown('.live')]).toEqual(['none', 'block'])
      expect((await page.pdf()).byteLength).toBeGreaterThan(50_000)
    })
  })
})
