import type { HistoryEntry } from '../../model/history.ts'
import { count } from '../../model/words.ts'
import { type Html, html } from '../html.ts'
import { minuteOf } from '../outputs/run-words.ts'
import { table } from '../table.ts'
import { siteDocument } from './document.ts'
import { meshesSection, type PagesOfRuns } from './mesh-table.ts'
import type { Published } from './published.ts'

/** A folder of the site: what is kept of its run, and why its results cannot be read any more, or never could. */
export interface SiteRun {
  readonly folder: string
  readonly published?: Published
  readonly trouble?: string
}

/** Addresses of the pages of the site's runs, as seen from its index. */
export function pagesOf(runs: readonly SiteRun[]): PagesOfRuns {
  return new Map(
    runs.flatMap(({ folder, published }) => (published ? [[published.run, `${address(folder)}/report.html`]] : [])),
  )
}

/** Meshes by version, then runs, the newest first; what could not be read is listed with its reason. */
export function indexPage(runs: readonly SiteRun[], history: readonly HistoryEntry[] = []): string {
  const there = runs
    .flatMap(({ folder, published }) => (published ? [{ folder, ...published }] : []))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : a.folder < b.folder ? 1 : -1))
  const [newest] = there
  return siteDocument({
    title: 'Runs',
    lead: newest
      ? `${count(there.length, 'run')}; the newest began on ${minuteOf(newest.startedAt)}. Compare only runs of the same kind of machine.`
      : 'No run could be read.',
    links: [
      ...(history.length > 0 ? [{ href: '#meshes', name: 'Meshes and versions' }] : []),
      { href: '#runs', name: 'All runs' },
      { href: 'history.html', name: 'History over runs' },
    ],
    body: html`${meshesSection(history, pagesOf(runs))}${there.length > 0 && listing(there)}${troubles(runs)}`,
  })
}

type Row = Published & { readonly folder: string }

function listing(rows: readonly Row[]): Html {
  const gates = rows.some(({ gate }) => gate)
  const heads = ['Run', 'Result', 'Valid', ...(gates ? ['Gate'] : []), 'Platform']
  return html`<section aria-labelledby="runs"><h2 id="runs">All runs</h2><div class="runs">${table({
    id: 'runs-table',
    caption: 'Runs, the newest first',
    head: heads.map((content) => ({ content })),
    rows: rows.map((row) => [
      html`<a href="${address(row.folder)}/report.html"><time datetime="${row.startedAt}">${minuteOf(row.startedAt)}</time></a><small>${row.scenario}</small><small><a href="${address(row.folder)}/summary.md">summary</a></small>`,
      { content: row.headline, tone: 'says' },
      html`${row.valid} of ${row.planned}${row.valid < row.planned && html`<small>${row.validity}</small>`}`,
      ...(gates ? [row.gate ? gateWords(row.gate) : '–'] : []),
      html`${row.platform}, ${row.profile}<small>${row.machine}</small>${row.caveat && html`<small>${row.caveat}</small>`}`,
    ]),
  })}</div></section>`
}

function gateWords({ verdict, headline }: NonNullable<Published['gate']>): Html {
  const known = /^[a-z]+$/.test(verdict) ? verdict : 'none'
  return html`<span class="verdict ${known}">${verdict === 'none' ? 'not judged' : verdict}</span><small>${headline}</small>`
}

function troubles(runs: readonly SiteRun[]): Html | false {
  const broken = runs.filter(({ trouble }) => trouble !== undefined)
  if (broken.length === 0) return false
  return html`<section aria-labelledby="troubles"><h2 id="troubles">Unreadable folders</h2>
<p>Folders whose results could not be read when this page was made. Pages that were written earlier are kept.</p>
${table({
  id: 'troubles-table',
  caption: 'Folders that could not be read',
  head: [{ content: 'Folder' }, { content: 'Why' }],
  rows: broken.map(({ folder, trouble }) => [folder, trouble]),
})}</section>`
}

/** The name of a folder as a part of an address. */
function address(folder: string): string {
  return encodeURIComponent(folder.toWellFormed())
}
