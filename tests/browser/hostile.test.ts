import { beforeAll, describe, expect, it } from 'vitest'
import { scenario } from '../report/fixture.ts'
import { absent, bring, open, openDetails, reportFile, where } from './open-report.ts'

/** What a name must not be able to do: leave an attribute, an element, a script, an address or a formula. */
const NAMES = [
  '"><img src=x onerror=alert(1)>',
  '</script><script>alert(2)</script>',
  "'; alert(3); //",
  '=HYPERLINK("http://example.invalid","x")',
  '&baseline=none#x<!--',
]

describe.skipIf(absent)(`hostile names, ${where}`, () => {
  let file: string
  beforeAll(async () => {
    const arms = scenario.arms.map((arm, index) => ({ ...arm, name: NAMES[index] ?? arm.name }))
    const loads = scenario.loads.map((load, index) => ({ ...load, name: `${NAMES[index]} ${index}` }))
    file = await reportFile({ scenario: { arms, loads } })
  })

  it('are shown as they are and do nothing, with scripts on', async () => {
    await open({ file, viewport: { width: 1280, height: 900 } }, async (page, seen) => {
      await bring(page, 'spectrum-0-response')
      await openDetails(page)
      expect(await page.locator('img').count()).toBe(0)
      await page.locator('#controls [name=baseline]').selectOption(NAMES[4] ?? '')
      expect(await page.locator('#unpublished').innerText()).toContain(NAMES[4])
      await page.locator('table.trials input').first().check()
      await page.locator('#controls [name=load]').selectOption({ index: 1 })
      await bring(page, 'cpu-1')
      await page.locator('#cpu-1 .is-live').focus()
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('.tip').innerText()).toContain(NAMES[0])
      expect(await page.locator('img').count()).toBe(0)
      expect(seen).toEqual({ requests: [], complaints: [] })
      const hash = new URL(page.url()).hash
      await open({ file, hash }, async (next) => {
        await next.locator('#controls form').waitFor()
        expect(await next.locator('#controls [name=load]').inputValue()).toBe(`${NAMES[1]} 1`)
        expect(await next.locator('#controls [name=baseline]').inputValue()).toBe(NAMES[4])
      })
    })
  })
})
