import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { Column, Value } from '../../src/report/chart.ts'
import { formatValue } from '../../src/report/figure.ts'
import { absent, bring, open, where } from './open-report.ts'

const ID = 'spectrum-0-service'

interface Taken {
  readonly title: string
  readonly sentence: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (Exclude<Value, undefined> | null)[])[]
}

/** Chromium drops downloads, without a word, where a page starts more than ten in a second. */
const PACE = 150

async function take(page: Page, id: string, kind: string): Promise<{ name: string; bytes: Buffer }> {
  await page.waitForTimeout(PACE)
  await page.locator(`#${id} .menu:not([open]) > summary`).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .locator(`#${id}`)
      .getByRole('button', { name: `Download ${kind}` })
      .click(),
  ])
  await page.keyboard.press('Escape')
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
}

describe.skipIf(absent)(`what a reader takes away, ${where}`, () => {
  it('of every chart, JSON and CSV hold what its table shows', async () => {
    await open({ acceptDownloads: true }, async (page, seen) => {
      await page.locator('figure .menu').first().waitFor()
      const all = await page.locator('figure:has(.menu):visible').evaluateAll((figures) => figures.map(({ id }) => id))
      // One chart of each kind: the numbers of a load tell them apart.
      const ids = [...new Map(all.map((id) => [id.replace(/\d+/, ''), id])).values()]
      expect(ids.length).toBeGreaterThan(8)
      for (const id of ids) {
        await page.locator(`#${id} .behind summary`).first().click()
        const { columns, rows, title } = JSON.parse((await take(page, id, 'JSON')).bytes.toString()) as Taken
        const shown = await page
          .locator(`#${id} tbody tr`)
          .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)))
        const told = rows.map((row) => row.map((value, at) => formatValue(columns[at]?.unit, value ?? undefined)))
        expect(shown.map((row) => row.map((text) => text?.trim()))).toEqual(told)
        expect(await page.locator(`#${id}-title`).textContent()).toBe(title)
        const lines = (await take(page, id, 'CSV')).bytes.toString().split('\r\n')
        expect(lines).toHaveLength(rows.length + 1)
      }
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })

  it('a picture stands alone: no variable of the page is left in it', async () => {
    await open({ colorScheme: 'dark', viewport: { width: 1280, height: 900 } }, async (page, seen) => {
      await bring(page, ID)
      const svg = await take(page, ID, 'SVG')
      expect(svg.name).toBe(`2026-03-01T20-15-00-standard-${ID}.svg`)
      const text = svg.bytes.toString()
      expect(text).toMatch(/^<svg [^>]*xmlns=/)
      expect(text).not.toMatch(/var\(|inherit/)
      expect(text).toContain('envoy-sidecar')
      const png = await take(page, ID, 'PNG')
      expect(png.bytes.subarray(1, 4).toString()).toBe('PNG')
      expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(900)
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })
})
