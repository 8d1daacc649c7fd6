import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { scenario } from '../report/fixture.ts'
import { absent, open, reportFile, where } from './open-report.ts'

const HOSTILE = '<img src=x onerror=alert(1)>"\'</script><script>alert(2)</script>'
const INPUT = 'Compare with another run’s report'
const section = (page: Page) => page.locator('#other-run')

describe.skipIf(absent)(`another report beside this one, ${where}`, () => {
  let other: string
  beforeAll(async () => {
    const loads = scenario.loads.map((load, index) => (index === 0 ? { ...load, connections: 8 } : load))
    other = await reportFile({ scenario: { loads, profile: 'defaults' } })
  })

  it('says loudly what differs, and compares trial with trial', async () => {
    await open({}, async (page, seen) => {
      await page.getByLabel(INPUT).setInputFiles(other)
      await section(page).waitFor()
      const text = await section(page).innerText()
      expect(text).toContain('profile: equalised here, defaults there')
      expect(text).toContain('load http-500, connections: 16 here, 8 there')
      expect(text).toContain('Unpaired, two runs')
      expect(await section(page).locator('tbody tr').count()).toBe(5 * 2 * 5)
      expect(await section(page).locator('tbody tr').first().innerText()).toMatch(/none\s+http-500\s+p50/)
      expect(seen).toEqual({ requests: [], complaints: [] })
      await section(page).getByRole('button', { name: 'Close' }).click()
      expect(await section(page).isVisible()).toBe(false)
    })
  })

  it('is taken from wherever it is dropped', async () => {
    await open({ bypassCSP: true }, async (page) => {
      await page.locator('#controls form').waitFor()
      const text = await readFile(other, 'utf8')
      const make = `(() => { const held = new DataTransfer(); held.items.add(new File([${JSON.stringify(text).replaceAll('</', '<\\/')}], 'other.html')); return held })()`
      const dropped = await page.evaluateHandle(make)
      await page.dispatchEvent('body', 'drop', { dataTransfer: dropped })
      await section(page).locator('tbody tr').first().waitFor()
    })
  })

  it('says of a file that is none what it is and what to do', async () => {
    await open({}, async (page, seen) => {
      for (const [name, text, reason] of [
        ['notes.html', '<p>nothing</p>', 'it is not a meshbench report with data'],
        ['older.html', packed({ schema: 0 }), 'it was written by another version of meshbench (schema 0)'],
        ['broken.html', packed('{'), 'its data are damaged'],
        ['cut.html', packed({ schema: 1, run: {} }), 'its data are damaged'],
        ['torn.html', '<script type="application/octet-stream" id="data">%%%</script>', 'its data are damaged'],
      ] as const) {
        await page.getByLabel(INPUT).setInputFiles({ name, mimeType: 'text/html', buffer: Buffer.from(text) })
        await expect.poll(() => section(page).getByRole('alert').innerText()).toContain(`${name} cannot be compared: `)
        const words = await section(page).getByRole('alert').innerText()
        expect(words).toContain(reason)
        expect(words).toContain('meshbench report')
      }
      expect(seen.requests).toEqual([])
    })
  })

  it('can do nothing to the page, whatever its names are', async () => {
    await open({}, async (own, seen) => {
      const data = await own.evaluate(
        "new Response(new Blob([Uint8Array.from(atob(document.getElementById('data').textContent), (c) => c.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream('gzip'))).text()",
      )
      const changed = JSON.parse(String(data)) as Record<string, unknown>
      const text = JSON.stringify({
        ...changed,
        run: { ...(changed['run'] as object), id: HOSTILE, platform: HOSTILE },
      })
      await own
        .getByLabel(INPUT)
        .setInputFiles({ name: `${HOSTILE}.html`, mimeType: 'text/html', buffer: Buffer.from(packed(text)) })
      await section(own).locator('tbody tr').first().waitFor()
      expect(await section(own).innerText()).toContain(HOSTILE)
      expect(await section(own).locator('img, script').count()).toBe(0)
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })
})

function packed(data: unknown): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return `<script type="application/octet-stream" id="data">${gzipSync(text).toString('base64')}</script>`
}
