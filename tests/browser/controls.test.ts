import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { Load } from '../../src/model/scenario.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { CLUSTER_SIZE_INPUTS, PUBLISHED } from '../../src/report/data/page-state.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { textOf } from '../../src/report/html.ts'
import { clusterCostTables } from '../../src/report/sections/cluster-costs.ts'
import { analysisOf } from '../report/fixture.ts'
import { absent, bring, open, openMore, openTrials, where } from './open-report.ts'

const ID = 'spectrum-0-response'
const costs = (page: Page) => page.locator('[data-part="costs-0"] table').innerText()
const note = (page: Page) => page.locator('#unpublished')

describe.skipIf(absent)(`what a reader may ask of the page, ${where}`, () => {
  it('one load at a time: the others are no elements of the page, the choice filters all parts and stands in the address', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page, seen) => {
      await page.locator('#controls form').waitFor()
      expect(await page.locator('[id$="-1-response"], #costs-1').count()).toBe(0)
      const shown = () => page.locator('figure[data-chart]:visible').evaluateAll((all) => all.map(({ id }) => id))
      const first = await shown()
      await page.locator('#controls [name=load]').selectOption('http-2000')
      expect(new URL(page.url()).hash).toBe('#&load=http-2000')
      expect(await page.locator('.lead:visible').innerText()).toContain('2,000 requests/s')
      const second = await shown()
      expect(
        second
          .filter((id) => first.includes(id))
          .every((id) => !/-[01](?:-|$)/.test(id) || /^(?:sweep|error)/.test(id)),
      ).toBe(true)
      expect(second).toContain('differences-1')
      await bring(page, 'spectrum-1-response')
      expect(seen.complaints).toEqual([])
    })
    await open({ hash: '#blocks-1' }, async (page) => {
      await page.locator('#blocks-1:visible').waitFor()
      expect(await page.locator('#controls [name=load]').inputValue()).toBe('http-2000')
    })
  })

  it('another baseline changes headline, cards and titles', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await page.getByLabel('Baseline').selectOption('envoy-sidecar')
      expect(await page.locator('#differences').innerText()).toBe('Differences from envoy-sidecar')
      expect(await page.locator('.lead:visible').innerText()).toMatch(/with envoy-sidecar \(geometric mean/)
      expect(await page.locator('#differences-0-title').innerText()).toContain('from envoy-sidecar')
    })
  })

  it('a chart and a row are cited in one line, with the command that repeats them', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await page.locator(`#${ID} .menu > summary`).click()
      const cite = await page.locator(`#${ID} .cite`).innerText()
      expect(cite).toMatch(/Response time, http-500.*meshbench .*AMD EPYC.*6 blocks.*#spectrum-0-response/s)
      expect(cite).toContain('meshbench run scenario.yaml --platform local --loads http-500')
      await page.getByText('Cite or repeat these figures').click()
      const row = page.locator('[data-part="costs-0"] .cite', { hasText: 'envoy-sidecar against none' })
      expect(await row.innerText()).toMatch(/p99 .*95 % intervals.*--arms none,envoy-sidecar --loads http-500/s)
      expect(await page.locator('#costs-0-arm-2').innerText()).toContain('envoy-sidecar')
    })
  })

  it('another baseline: figures are made anew, the page says so loudly, and there is a way back', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page, seen) => {
      await page.locator('#controls form').waitFor()
      const published = await costs(page)
      expect(await note(page).isVisible()).toBe(false)
      await page.getByLabel('Baseline').selectOption('envoy-node')
      expect(await note(page).innerText()).toContain('Changed from the published analysis: baseline envoy-node.')
      expect(await costs(page)).not.toBe(published)
      expect(await costs(page)).toContain('ratio to envoy-node')
      expect(page.url()).toMatch(/#&baseline=envoy-node$/)
      await page.mouse.wheel(0, 4000)
      expect(await page.locator('#bar').boundingBox()).toMatchObject({ y: 0 })
      expect(await note(page).isVisible()).toBe(true)
      await note(page).getByRole('button').click()
      expect(await note(page).isVisible()).toBe(false)
      expect(await costs(page)).toBe(published)
      expect(page.url()).not.toContain('baseline')
      expect(seen.complaints).toEqual([])
    })
  })

  it('without a trial: the box stands beside it, and the figure has one trial less', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await openTrials(page)
      const published = await costs(page)
      const box = page.locator('.every-trial tbody input').first()
      const id = (await box.getAttribute('aria-label'))?.replace('Leave out trial ', '')
      await page.getByLabel(`Leave out trial ${id}`).check()
      expect(await note(page).innerText()).toContain(`without trial ${id}`)
      expect(await costs(page)).not.toBe(published)
      await openMore(page)
      await page.getByRole('button', { name: 'As published' }).click()
      expect(await box.isChecked()).toBe(false)
      expect(await costs(page)).toBe(published)
    })
  })

  it('has no box for a trial that is not valid', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await page.locator('#controls [name=load]').selectOption('http-2000')
      expect(await page.locator('.every-trial tbody input').count()).toBe(0)
      await openTrials(page)
      await expect.poll(() => page.locator('.every-trial:visible tbody input').count()).toBe(28)
      expect(await page.locator('.every-trial:visible tbody tr').count()).toBe(30)
    })
  })

  it('percentile, clock, axes and arms change what is shown, and no figure', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      const drawn = () => page.locator(`#${ID} .live svg`).innerHTML()
      const first = await drawn()
      await openMore(page)
      await page.getByLabel('Latency axes').selectOption('linear')
      await bring(page, ID)
      await expect.poll(async () => (await drawn()) !== first && !(await drawn()).includes('log scale')).toBe(true)
      await page.getByLabel('envoy-sidecar', { exact: true }).uncheck()
      await bring(page, ID)
      await expect.poll(async () => (await drawn()).includes('envoy-sidecar')).toBe(false)
      expect(await costs(page)).not.toContain('envoy-sidecar')
      await page.getByRole('combobox', { name: 'Percentile' }).selectOption('p50')
      await page.getByLabel('Clock').selectOption('service')
      expect(await note(page).isVisible()).toBe(false)
      expect(await page.getByRole('button', { name: 'As published' }).isEnabled()).toBe(true)
    })
  })

  it('keeps a table open that the reader has opened', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await page.locator(`#${ID} summary`).first().click()
      await openMore(page)
      await page.getByLabel('none-again', { exact: true }).uncheck()
      expect(await page.locator(`#${ID} table`).isVisible()).toBe(true)
      expect(await page.locator(`#${ID} table`).innerText()).not.toContain('none-again')
    })
  })

  it('a link brings the next reader to the same view at the same place', async () => {
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      await bring(page, ID)
      await page.getByLabel('Baseline').selectOption('envoy-sidecar')
      await openMore(page)
      await page.getByLabel('Latency axes').selectOption('linear')
      await page.keyboard.press('Escape')
      await page.locator(`#${ID} .menu > summary`).click()
      await page.locator(`#${ID}`).getByRole('button', { name: 'Copy link to this view' }).click()
      await page.locator('.board:not(:empty)').waitFor()
      const hash = new URL(page.url()).hash
      expect(hash).toBe(`#${ID}&baseline=envoy-sidecar&scale=linear`)
      const shown = await costs(page)
      await open({ hash, viewport: { width: 1280, height: 900 } }, async (next) => {
        await next.locator(`#${ID} .is-live`).waitFor()
        expect(await costs(next)).toBe(shown)
        expect(await next.getByLabel('Latency axes').inputValue()).toBe('linear')
        expect(await next.locator(`#${ID}`).evaluate((one) => one.getBoundingClientRect().top)).toBeLessThan(900)
      })
    })
  })

  it('a link within the page leads to a place and leaves what is asked as it is', async () => {
    await open({}, async (page) => {
      await page.locator('#controls form').waitFor()
      await page.getByLabel('Baseline').selectOption('envoy-node')
      await page.locator('.contents > summary').click()
      await page.getByRole('navigation').getByRole('link', { name: 'Trials' }).click()
      await expect.poll(() => new URL(page.url()).hash).toBe('#trials&baseline=envoy-node')
      expect(await note(page).isVisible()).toBe(true)
    })
  })

  it('a choice that comes before the rest of the page answers counts, whatever the link says', async () => {
    // Runs as soon as the controls are elements of the page, before the script that made them goes on.
    const early = `new MutationObserver((_, watch) => {
      const select = document.querySelector('#controls [name=baseline]')
      if (!select) return
      watch.disconnect()
      select.value = 'envoy-sidecar'
      select.dispatchEvent(new Event('change', { bubbles: true }))
    }).observe(document, { subtree: true, childList: true })`
    const [published, chosen] = await open({}, async (page) => {
      const before = await costs(page)
      await page.getByLabel('Baseline').selectOption('envoy-sidecar')
      return [before, await costs(page)]
    })
    await open({ hash: '#costs&baseline=envoy-node' }, async (page) => {
      await page.addInitScript(early)
      await page.reload()
      await note(page).waitFor()
      expect(new URL(page.url()).hash).toContain('baseline=envoy-sidecar')
      expect(await costs(page)).toBe(chosen)
      expect(chosen).not.toBe(published)
    })
  })

  it('takes nothing from an address that names what the run has not', async () => {
    const hash = `#${ID}&baseline=%3Cimg%20src%3Dx%3E&without=nothing&clock=wrong&quantile=p42`
    await open({ hash }, async (page, seen) => {
      await page.locator('#controls form').waitFor()
      await bring(page, ID)
      expect(await note(page).isVisible()).toBe(false)
      expect(seen).toEqual({ requests: [], complaints: [] })
    })
  })

  it('another cluster: the model is reckoned again as Node does it, stands in the address, and comes back by it', async () => {
    const clusterSize = { pods: 700, rate: 5 }
    const view = viewOf(pageData(analysisOf()), { ...PUBLISHED, clusterSize })
    const expected = textOf(clusterCostTables(view, view.loads[0] as Load))
    const part = (page: Page) => page.locator('[data-part="cluster-size-0"]')
    await open({}, async (page, seen) => {
      await page.locator('#controls form').waitFor()
      const published = await part(page).textContent()
      const sentence = page.locator('#cluster-size-cores-0-sentence')
      const said = await sentence.textContent()
      await page.getByLabel('Pods', { exact: true }).fill('700')
      await page.getByLabel('Requests per second and pod').fill('5')
      await page.getByLabel('Requests per second and pod').press('Enter')
      await page.getByLabel('Requests per second and pod').blur()
      await expect.poll(() => part(page).textContent()).not.toBe(published)
      expect(await part(page).textContent()).toContain('700 pods on 23.3 nodes')
      const made = await part(page).innerHTML()
      await part(page).evaluate((place, markup) => {
        place.innerHTML = markup
      }, expected)
      expect(made).toBe(await part(page).innerHTML())
      expect(await sentence.textContent()).not.toBe(said)
      expect(await note(page).isVisible()).toBe(false)
      expect(page.url()).toMatch(/#&pods=700&rate=5$/)
      // What cannot be is not taken.
      await page.getByLabel('Pods on a node').fill('-3')
      await page.getByLabel('Pods on a node').blur()
      expect(await part(page).textContent()).toContain('700 pods on 23.3 nodes')
      await openMore(page)
      await page.getByRole('button', { name: 'As published' }).click()
      await expect.poll(() => part(page).textContent()).toBe(published)
      expect(seen.complaints).toEqual([])
    })
    await open({ hash: '#cluster-size&pods=700&rate=5&podsPerNode=none' }, async (page) => {
      await page.locator('#controls form').waitFor()
      await expect.poll(() => part(page).textContent()).toContain('700 pods on 23.3 nodes')
      expect(await page.getByLabel('Pods on a node').inputValue()).toBe('30')
    })
  })

  it('shows the inputs where nothing runs', async () => {
    await open({ javaScriptEnabled: false }, async (page) => {
      const inputs = await page.locator('#cluster-size-inputs').textContent()
      for (const { label } of CLUSTER_SIZE_INPUTS) expect(inputs).toContain(label)
      expect(await page.locator('#cluster-size-inputs input').count()).toBe(0)
    })
  })
})
