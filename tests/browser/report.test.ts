import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderReport } from '../../src/report/render.ts'
import { analysisOf } from '../report/fixture.ts'

/** Debian's package `chromium`; another one can be named. */
const CHROMIUM = process.env['MESHBENCH_CHROMIUM'] ?? '/usr/bin/chromium'
const absent = !existsSync(CHROMIUM)
if (absent) console.warn(`skipped: there is no browser at ${CHROMIUM}; install chromium or set MESHBENCH_CHROMIUM`)

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const THEMES = ['light', 'dark'] as const
const WIDTHS = [320, 1280] as const

describe.skipIf(absent)(`the report in Chromium${absent ? ` (skipped: none at ${CHROMIUM})` : ''}`, () => {
  let browser: Browser
  let folder: string
  let address: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meshbench-report-'))
    const file = join(folder, 'report.html')
    await writeFile(file, await renderReport(analysisOf(), { generatedAt: '2026-03-01T21:00:00Z' }))
    address = pathToFileURL(file).href
    browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Opens the report, and gathers every request but the one for the page and all that the browser complains of. */
  async function open<Answer>(
    options: BrowserContextOptions,
    use: (page: Page, seen: { requests: string[]; complaints: string[] }) => Promise<Answer>,
  ): Promise<Answer> {
    const context = await browser.newContext({ offline: true, ...options })
    try {
      const page = await context.newPage()
      const seen = { requests: [] as string[], complaints: [] as string[] }
      page.on('request', (request) => request.url() !== address && seen.requests.push(request.url()))
      page.on('console', (message) => seen.complaints.push(message.text()))
      page.on('pageerror', (error) => seen.complaints.push(error.message))
      await page.goto(address)
      return await use(page, seen)
    } finally {
      await context.close()
    }
  }

  it('asks for nothing but itself and breaks no rule of its own policy', async () => {
    await open({}, async (page, seen) => {
      await page.locator('summary').first().click()
      await page.mouse.wheel(0, 20_000)
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })

  it('is whole without scripts: tables open, charts stand', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.getByText('60 trials, in the order').click()
      expect(await page.getByRole('table', { name: 'Every trial, in order' }).isVisible()).toBe(true)
      expect(await page.getByRole('img').count()).toBe(11)
      const { height } = (await page.getByRole('img').first().boundingBox()) ?? { height: 0 }
      expect(height).toBeGreaterThan(200)
    })
  })

  it.each(WIDTHS)('draws each chart once at %i px, with text that can be read', async (width) => {
    await open({ viewport: { width, height: 900 } }, async (page) => {
      expect(await page.getByRole('img').count()).toBe(11)
      const sizes = await page
        .locator('figure svg[role=img]:visible text')
        .evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().height))
      expect(sizes.length).toBeGreaterThan(50)
      expect(Math.min(...sizes)).toBeGreaterThan(9)
    })
  })

  it.each([320, 390, 768, 1280])('scrolls no page sideways at %i px, not even with all details open', async (width) => {
    await open({ viewport: { width, height: 900 } }, async (page) => {
      await openDetails(page)
      const tooWide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      expect(tooWide).toBe(0)
    })
  })

  it('prints everything on white, details included', async () => {
    await open({ colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(253, 253, 252)')
      expect(await page.getByRole('table', { name: 'Every trial, in order' }).isVisible()).toBe(true)
      expect((await page.pdf()).byteLength).toBeGreaterThan(50_000)
    })
  })

  it('lets the keyboard reach links, details and wide tables, and shows where it is', async () => {
    await open({ viewport: { width: 390, height: 800 } }, async (page) => {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the costs')
      await page.locator('.scroll').first().focus()
      await page.keyboard.press('ArrowRight')
      await expect
        .poll(() =>
          page
            .locator('.scroll')
            .first()
            .evaluate((box) => box.scrollLeft),
        )
        .toBeGreaterThan(0)
      await page.keyboard.press('Tab')
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      expect(outline).toBe('solid')
    })
  })

  it.each(THEMES.flatMap((theme) => WIDTHS.map((width) => ({ theme, width }))))(
    'has no violation that axe can find: $theme, $width px',
    async ({ theme, width }) => {
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      const options = { colorScheme: theme, viewport: { width, height: 900 }, bypassCSP: true } as const
      const violations = await open(options, async (page) => {
        if (theme === 'light' ? width === 320 : width === 1280) await openDetails(page)
        await page.evaluate(axe)
        const { violations: found } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults
        return found.map(({ id, nodes }) => ({ id, where: nodes.slice(0, 3).map(({ html }) => html) }))
      })
      expect(violations).toEqual([])
    },
    60_000,
  )
})

async function openDetails(page: Page): Promise<void> {
  await page.locator('details').evaluateAll((all) => {
    for (const one of all) one.setAttribute('open', '')
  })
}
