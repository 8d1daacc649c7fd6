import { withoutScripts } from '../figure.ts'
import { type Html, html, textOf, trusted } from '../html.ts'
import { STYLE } from '../page-style.ts'
import { policyOf } from '../scripts.ts'

/** Marks pages of a site. Pages without it are never overwritten. */
export const GENERATOR = '<meta name="generator" content="meshbench">'

/** What pages of several runs have beyond those of one. */
const SITE_STYLE = `
main>section:nth-of-type(n+2){contain-intrinsic-size:auto 600px}
nav.pages ul{display:flex;flex-wrap:wrap;gap:0 1.25rem}
.subtitle{margin-top:.4rem;color:var(--muted);max-width:64rem}
.date,.compared td small.date{white-space:nowrap}
.compared details{margin:.15rem 0 0}
.compared summary{margin-left:auto;font-size:.8125rem}
.compared details ul{list-style:none;padding:.2rem 0 0}
.card dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.1rem .8rem}
.panel.versus .cards{order:0}
.compared td .level,.compared td .line{white-space:nowrap}
.compared .worse .level{color:var(--worse)}
.compared .better .level{color:var(--better)}
.facts-of-runs td,.facts-of-runs th{min-width:9rem;overflow-wrap:anywhere}
.facts-of-runs b{font-weight:600}
.cautions li+li{margin-top:.4rem}
.cautions{max-width:64rem}
.features{table-layout:fixed;width:100%;min-width:46rem}
.features th:first-child{width:26%}
.features tbody th small{display:block;color:var(--muted);font-weight:400;white-space:normal}
.features td,.features th{white-space:normal;overflow-wrap:anywhere;vertical-align:top}
.features summary{margin:0}
.features.claims th:first-child{width:30%}
.features.claims th:nth-child(2){width:10rem}
.features details ul{padding-left:1rem}
.features details>:not(summary){font-size:.8125rem}
.runs tbody th{white-space:nowrap}
.runs td{min-width:8rem}
.runs td.says{min-width:18rem;max-width:34rem}
.runs small{display:block;color:var(--muted)}
.verdict{font-weight:600}
.verdict.pass,.verdict.improvement{color:var(--better)}
.verdict.regression,.verdict.budget,.verdict.invalid,.verdict.none{color:var(--alarm)}
.verdict.inconclusive{color:var(--caution)}
`

interface SitePage {
  readonly title: string
  readonly lead: Html | string
  /** Other pages, or places on this one. */
  readonly links: readonly { readonly href: string; readonly name: string }[]
  readonly body: Html
  /** The command that writes it. */
  readonly writtenBy?: string
}

/** A date is never broken at one of its hyphens. */
function unbroken(title: string): Html {
  return html`${title.split(/(\d{4}-\d\d-\d\d)/).map((part, index) => (index % 2 === 1 ? html`<span class="date">${part}</span>` : part))}`
}

/** A page of several runs, in the look of the pages of one. It runs no script and asks nothing of any network. */
export function siteDocument({ title, lead, links, body, writtenBy = 'meshbench report --site' }: SitePage): string {
  return withoutScripts(
    textOf(html`${trusted('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyOf(undefined)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">${trusted(GENERATOR)}
<title>${title} · meshbench</title><style>${trusted(STYLE)}${trusted(SITE_STYLE)}</style></head>
<body><main><header class="opening"><p class="eyebrow"><span class="brand">meshbench</span> what a service mesh costs</p>
<h1>${unbroken(title)}</h1><p class="subtitle">${lead}</p>
<nav class="pages" aria-label="Pages"><ul>${links.map(({ href, name }) => html`<li><a href="${href}">${name}</a></li>`)}</ul></nav></header>
${body}</main>
<footer><p>Written by <code>${writtenBy}</code>. This page loads nothing and runs no script.</p></footer></body></html>
`),
  )
}
