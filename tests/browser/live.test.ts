import { describe, expect, it } from 'vitest'
import { absent, bring, live, open, where } from './open-report.ts'

const ID = 'spectrum-0-response'
const SPOKEN = '#spoken'

/** A spectrum is drawn of merged requests, and says so. */
const whole = (point: string) => `${point} of all requests of all blocks together`

describe.skipIf(absent)(`charts that answer, ${where}`, () => {
  it('come to life as the reader comes to them, and ask for nothing', async () => {
    await open({}, async (page, seen) => {
      expect(await page.locator('.is-live').count()).toBeLessThan(await page.locator('figure[data-chart]').count())
      for (const id of await page
        .locator('figure[data-chart]:visible')
        .evaluateAll((all) => all.map((one) => one.id))) {
        await bring(page, id)
      }
      await page.locator('summary').first().click()
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })

  it('shift nothing that the reader sees', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      const figure = page.locator(`#${ID}`)
      const before = await figure.evaluate((box) => box.querySelector('.plot')?.getBoundingClientRect().height)
      await bring(page, ID)
      const after = await figure.evaluate((box) => box.querySelector('.plot')?.getBoundingClientRect().height)
      expect(Math.abs((after ?? 0) - (before ?? 0))).toBeLessThan(2)
    })
  })

  it('fit the width that there is', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      const width = () =>
        live(page, ID)
          .locator('.live svg')
          .evaluate((svg) => svg.getBoundingClientRect().width)
      const wide = await width()
      await page.setViewportSize({ width: 420, height: 900 })
      await expect.poll(width).toBeLessThan(Math.min(wide, 400))
    })
  })

  it('say what is under the pointer, until Escape', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      await live(page, ID).focus()
      await page.keyboard.press('ArrowRight')
      const ring = await page.locator('.ring:visible').boundingBox()
      await page.keyboard.press('Escape')
      expect(await page.locator('.tip').isVisible()).toBe(false)
      await page.mouse.move((ring?.x ?? 0) + (ring?.width ?? 0) / 2, (ring?.y ?? 0) + (ring?.height ?? 0) / 2)
      expect(await page.locator('.tip').textContent()).toMatch(/p50 of all requests of all blocks together: \d/)
      await page.keyboard.press('Escape')
      expect(await page.locator('.tip').isVisible()).toBe(false)
    })
  })

  it('say what is under a finger', async () => {
    await open({ viewport: { width: 390, height: 800 }, hasTouch: true }, async (page) => {
      await bring(page, ID)
      await live(page, ID).focus()
      await page.keyboard.press('ArrowRight')
      const ring = await page.locator('.ring:visible').boundingBox()
      await page.keyboard.press('Escape')
      await page.touchscreen.tap((ring?.x ?? 0) + 6, (ring?.y ?? 0) + 6)
      await page.locator('.tip:visible').waitFor()
      await page.touchscreen.tap(10, 10)
      expect(await page.locator('.tip').isVisible()).toBe(false)
    })
  })

  it('are walked through by keys: along a series, to another one, to its ends, and left', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      const plot = live(page, ID)
      expect(await plot.getAttribute('aria-roledescription')).toBe('chart')
      await plot.focus()
      const said: string[] = []
      for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'End', 'Home', 'ArrowLeft', 'ArrowUp']) {
        await page.keyboard.press(key)
        said.push((await page.locator(SPOKEN).textContent()) ?? '')
      }
      const [first, second, other, end, home, stays, back] = said.map((words) => words.split(':')[0])
      expect([first, second]).toEqual(['none, p50', 'none, p75'].map(whole))
      expect(other).toBe(whole('none-again, p75'))
      expect(end).toMatch(/^none-again, p99/)
      expect([home, stays, back]).toEqual(['none-again, p50', 'none-again, p50', 'none, p50'].map(whole))
      expect(await page.locator('.ring').filter({ visible: true }).count()).toBe(1)
      await page.keyboard.press('Escape')
      expect(await page.locator('.ring').filter({ visible: true }).count()).toBe(0)
      await page.keyboard.press('Tab')
      expect(await page.evaluate("document.activeElement.classList.contains('plot')")).toBe(false)
    })
  })

  it('leave the wheel to the page, and zoom with Ctrl', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      const box = await live(page, ID).boundingBox()
      await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 120)
      const scrolled = () => page.evaluate('scrollY') as Promise<number>
      const drawn = () => live(page, ID).locator('.live svg').innerHTML()
      const [from, still] = [await scrolled(), await drawn()]
      await page.mouse.wheel(0, 40)
      await expect.poll(scrolled).toBe(from + 40)
      expect(await drawn()).toBe(still)
      await page.keyboard.down('Control')
      await page.mouse.wheel(0, -200)
      await page.keyboard.up('Control')
      await expect.poll(async () => (await drawn()) === still).toBe(false)
      expect(await scrolled()).toBe(from + 40)
    })
  })
})
