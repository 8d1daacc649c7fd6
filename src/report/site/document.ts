import { withoutScripts } from '../figure.ts'
import { type Html, html, textOf, trusted } from '../html.ts'
import { STYLE } from '../page-style.ts'
import { policyOf } from '../scripts.ts'

/** Marks pages of a site. Pages without it are never overwritten. */
export const GENERATOR = '<meta name="generator" content="meshbench">'

/** What pages of a site have beyond those of a run. */
const SITE_STYLE = `
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
  readonly other: { readonly href: string; readonly name: string }
  readonly body: Html
}

/** A page of the site, in the look of the pages of runs. It runs no script and asks nothing of any network. */
export function siteDocument({ title, lead, other, body }: SitePage): string {
  return withoutScripts(
    textOf(html`${trusted('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyOf(undefined)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">${trusted(GENERATOR)}
<title>${title} · meshbench</title><style>${trusted(STYLE)}${trusted(SITE_STYLE)}</style></head>
<body><main><header class="opening"><p class="eyebrow">meshbench · what a service mesh costs</p>
<h1>${title}</h1><p class="subtitle">${lead}</p>
<nav aria-label="Pages"><ul><li><a href="${other.href}">${other.name}</a></li></ul></nav></header>
${body}</main>
<footer><p>Written by <code>meshbench report --site</code>. This page loads nothing and runs no script.</p></footer></body></html>
`),
  )
}
