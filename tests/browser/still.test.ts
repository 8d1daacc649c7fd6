import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedFolder } from '../temporary-folder.ts'
import { absent, open, openDetails, reportFile, where } from './open-report.ts'

const OFF = { javaScriptEnabled: false, viewport: { width: 1280, height: 900 } } as const

describe.skipIf(absent)(`the report without scripts, ${where}`, () => {
  it('is whole: tables open, charts stand, and nothing is offered that would not answer', async () => {
    await open(OFF, async (page, seen) => {
      await page.getByText('30 trials, in the order').first().click()
      expect(await page.getByRole('table', { name: 'Every trial, in order' }).first().isVisible()).toBe(true)
      // The parts of another load are closed, and open without scripts.
      await page.locator('summary', { hasText: 'http-2000' }).first().click()
      expect(await page.locator('#answer-1').isVisible()).toBe(true)
      const figures = await page.locator('figure[data-chart]').count()
      expect(figures).toBeGreaterThan(10)
      expect(await page.locator('figure[data-chart] .plot > :is(svg[role=img], .reason)').count()).toBe(figures)
      const { height } = (await page.getByRole('img').nth(1).boundingBox()) ?? { height: 0 }
      expect(height).toBeGreaterThan(200)
      expect(await page.locator('main :is(button, select):visible').count()).toBe(0)
      expect(await page.locator('#unpublished, #other-run, #controls form').filter({ visible: true }).count()).toBe(0)
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })

  it('shows everything too where scripting is on and a policy of the server lets no script of it run', async () => {
    const file = join(sharedFolder(), 'refused.html')
    const refusing = `<head><meta http-equiv="Content-Security-Policy" content="script-src 'none'">`
    await writeFile(file, (await readFile(await reportFile(), 'utf8')).replace('<head>', refusing))
    await open({ file, viewport: { width: 1280, height: 900 } }, async (page) => {
      expect(await page.locator('html[data-ready]').count()).toBe(0)
      await expect.poll(() => page.locator('#costs').evaluate((one) => one.checkVisibility())).toBe(true)
    })
  })

  it.each([320, 1280])('draws each chart at %i px with text that can be read', async (width) => {
    await open({ ...OFF, viewport: { width, height: 900 } }, async (page) => {
      const sizes = await page
        .locator('figure svg[role=img]:visible text')
        .evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().height))
      expect(sizes.length).toBeGreaterThan(50)
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(9)
    })
  })

  it.each([320, 390, 768, 1280])('scrolls nothing sideways at %i px', async (width) => {
    await open({ viewport: { width, height: 900 } }, async (page) => {
      await openDetails(page)
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(tooWide).toBe(0)
    })
  })

  it('prints everything on white, details included', async () => {
    await open({ colorScheme: 'dark', javaScriptEnabled: false }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(253, 253, 252)')
      expect(await page.getByRole('table', { name: 'Every trial, in order' }).first().isVisible()).toBe(true)
      expect((await page.pdf()).byteLength).toBeGreaterThan(50_000)
    })
  })

  it('lets the keyboard reach links, details and wide tables, and shows where it is', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } }, async (page) => {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toMatch(/^Skip to/)
      const box = page.locator('.scroll:visible:has(.matrix)').first()
      await box.focus()
      await page.keyboard.press('ArrowRight')
      await expect.poll(() => box.evaluate((one) => one.scrollLeft)).toBeGreaterThan(0)
      await page.keyboard.press('Tab')
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    })
  })
})
