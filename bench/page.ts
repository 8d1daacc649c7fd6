import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { median } from 'simple-statistics'

/**
 * How fast a page is in Chromium with its CPU throttled four times: `node bench/page.ts [report.html…]`, medians of five
 * loads without a network. Ends with 1 where the first page misses a goal. An empty page is loaded in turn with each: what
 * it takes is the browser's own, and tells how busy the machine is.
 */

const GOALS = { bytes: 1.2e6, content: 300, controls: 1000, stops: 120 }
const LOADS = 5
const THROTTLED = 4

interface Figures {
  /** Milliseconds to the first contentful paint, and until the controls answer. */
  readonly content: number
  readonly controls: number
  readonly nodes: number
  readonly figures: number
  readonly height: number
  /** Elements that the Tab key stops at. */
  readonly stops: number
}

/** In the page: the time at which the controls are shown. */
const WATCH = `new MutationObserver(() => {
  const form = document.querySelector('#controls form')
  if (form && !window.controlsAt) window.controlsAt = performance.now()
}).observe(document, { subtree: true, childList: true, attributes: true })`

const STOPS = `[...document.querySelectorAll('a[href],button,select,input,summary,textarea,[tabindex]')].filter((one) => {
  return one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true })
}).length`

/** What a page has at least. */
const EMPTY = 'data:text/html,<title>empty</title><p>A line.</p><div id=controls><form></form></div>'

async function load(browser: Browser, address: string): Promise<Figures> {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 900 } })
  try {
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: THROTTLED })
    await page.addInitScript(WATCH)
    await page.goto(address)
    await page.locator('#controls form').waitFor({ state: 'attached' })
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    const [content, controls] = [await page.evaluate(paint), await page.evaluate('window.controlsAt')].map(Number)
    const nodes = Number(await page.evaluate("document.getElementsByTagName('*').length"))
    await page.waitForTimeout(1500)
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
    const figures = await page.locator('figure[data-chart]:visible').count()
    return {
      content: content ?? 0,
      controls: controls ?? 0,
      nodes,
      figures,
      height,
      stops: Number(await page.evaluate(STOPS)),
    }
  } finally {
    await context.close()
  }
}

async function measure(browser: Browser, file: string): Promise<Figures & { readonly empty: number }> {
  const all: Figures[] = []
  const empty: number[] = []
  for (let one = 0; one < LOADS; one++) {
    empty.push((await load(browser, EMPTY)).content)
    all.push(await load(browser, pathToFileURL(file).href))
  }
  const middle = (key: keyof Figures) => Math.round(median(all.map((figures) => figures[key])))
  return {
    empty: Math.round(median(empty)),
    content: middle('content'),
    controls: middle('controls'),
    nodes: middle('nodes'),
    figures: middle('figures'),
    height: middle('height'),
    stops: middle('stops'),
  }
}

const named = process.argv.slice(2)
const files = named.length > 0 ? named : ['docs/demo-report.html']
const browser = await chromium.launch({
  executablePath: process.env['MESHBENCH_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  for (const [index, file] of files.entries()) {
    const { size } = statSync(resolve(file))
    const { empty, content, controls, nodes, figures, height, stops } = await measure(browser, resolve(file))
    console.log(
      `${file}: ${(size / 1e6).toFixed(2)} MB (goal ${GOALS.bytes / 1e6}), first content ${content} ms (${GOALS.content}; an empty page ${empty}), controls ${controls} ms (${GOALS.controls}), ${nodes} nodes, ${figures} figures shown, ${height} px high, ${stops} tab stops (${GOALS.stops})`,
    )
    const isMissed = size > GOALS.bytes || content > GOALS.content || controls > GOALS.controls || stops > GOALS.stops
    if (index === 0 && isMissed) process.exitCode = 1
  }
} finally {
  await browser.close()
}
