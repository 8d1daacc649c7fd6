import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { pageScripts } from '../../src/commands/page-scripts.ts'
import { renderReport } from '../../src/report/render.ts'
import { analysisOf, type Changes } from '../report/fixture.ts'
import { sharedFolder } from '../temporary-folder.ts'

/** Debian's package `chromium`; another one can be named. */
const CHROMIUM = process.env['MESHBENCH_CHROMIUM'] ?? '/usr/bin/chromium'
export const absent = !existsSync(CHROMIUM)
if (absent) console.warn(`skipped: there is no browser at ${CHROMIUM}; install chromium or set MESHBENCH_CHROMIUM`)

/** For the title of a suite. */
export const where = absent ? `in Chromium (skipped: none at ${CHROMIUM})` : 'in Chromium'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What a page asked for beside itself, and all that the browser complains of. */
export interface Seen {
  readonly requests: string[]
  readonly complaints: string[]
}

/** Started once and closed with its worker: the files of a worker share it. */
let browser: Promise<Browser> | undefined

const written = new Map<string, Promise<string>>()

/** Writes the fixture's report, with what a test changes of it, and gives its path. The files of a worker share each. */
export function reportFile(changes: Pick<Changes, 'scenario'> = {}): Promise<string> {
  const key = JSON.stringify(changes)
  const file = written.get(key) ?? write(changes)
  written.set(key, file)
  return file
}

async function write(changes: Changes): Promise<string> {
  const file = join(sharedFolder(), 'report.html')
  const about = { generatedAt: '2026-03-01T21:00:00Z', scripts: await pageScripts() }
  await writeFile(file, await renderReport(analysisOf(changes), about))
  return file
}

/** Opens a report without a network. `hash`: what stands behind it in the address. */
export async function open<Answer>(
  { file, hash = '', ...options }: BrowserContextOptions & { readonly file?: string; readonly hash?: string },
  use: (page: Page, seen: Seen) => Promise<Answer>,
): Promise<Answer> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: QUIET })
  const address = pathToFileURL(file ?? (await reportFile())).href
  const context = await (await browser).newContext({ offline: true, ...options })
  try {
    context.setDefaultTimeout(60_000)
    const page = await context.newPage()
    const seen: Seen = { requests: [], complaints: [] }
    const isOwn = (url: string) => url.split('#')[0] === address || url.startsWith(`blob:`)
    page.on('request', (request) => !isOwn(request.url()) && seen.requests.push(request.url()))
    page.on('console', (message) => seen.complaints.push(message.text()))
    page.on('pageerror', (error) => seen.complaints.push(error.message))
    await page.goto(address + hash)
    return await use(page, seen)
  } finally {
    await context.close()
  }
}

/** A chart that has come to life. */
export function live(page: Page, id: string) {
  return page.locator(`#${id} .plot.is-live`)
}

/** Opens the menu of the controls that are not always in sight. */
export async function openMore(page: Page): Promise<void> {
  await page.locator('#controls .menu:not([open]) summary').click()
}

/** Opens the list of trials. */
export async function openTrials(page: Page): Promise<void> {
  await page.locator('.every-trial:visible > summary').click()
  await page.locator('.every-trial table').first().waitFor()
}

/** Scrolls to a figure and waits until it answers. */
export async function bring(page: Page, id: string): Promise<void> {
  // The controls come first; what is not shown yet cannot be scrolled to.
  await page.locator('html[data-ready]').waitFor({ state: 'attached' })
  await page.locator(`#${id}`).scrollIntoViewIfNeeded()
  await live(page, id).waitFor({ timeout: 60_000 })
}

export async function openDetails(page: Page): Promise<void> {
  await page.locator('details:not(.menu)').evaluateAll((all) => {
    for (const one of all) one.setAttribute('open', '')
  })
}
