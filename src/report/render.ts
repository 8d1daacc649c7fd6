import type { Analysis } from '../model/analysis.ts'
import { type Html, html, textOf, trusted } from './html.ts'
import { costs } from './sections/costs.ts'
import { fairness } from './sections/fairness.ts'
import { latency } from './sections/latency.ts'
import { dateWords, opening } from './sections/opening.ts'
import { problems } from './sections/problems.ts'
import { provenance } from './sections/provenance.ts'
import { resources } from './sections/resources.ts'
import { stalls } from './sections/stalls.ts'
import { trials } from './sections/trials.ts'
import { STYLE } from './style.ts'
import { viewOf } from './view.ts'

/** What the page says of itself, beside the analysis. */
export interface ReportAbout {
  readonly title?: string
  /** ISO 8601. */
  readonly generatedAt: string
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

const CONTENTS = [
  ['costs', 'Costs'],
  ['latency', 'Latency'],
  ['resources', 'CPU and memory'],
  ['stalls', 'Stalls'],
  ['problems', 'Limits'],
  ['fairness', 'Fairness'],
  ['trials', 'Trials'],
  ['method', 'Method'],
  ['reproduce', 'Do it again'],
  ['provenance', 'Provenance'],
] as const

/** The whole report as one HTML file without scripts that asks nothing of any network. */
export async function renderReport(analysis: Analysis, about: ReportAbout): Promise<string> {
  const view = viewOf(analysis)
  const title = about.title ?? analysis.record.run.plan.scenario.name
  const [latencies, bills, pauses] = await Promise.all([latency(view), resources(view), stalls(view)])
  const body = html`<a class="skip" href="#costs">Skip to the costs</a>
<main>${opening(view, title)}
<nav aria-label="Contents"><ul>${CONTENTS.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
${costs(view)}
${latencies}
${bills}
${pauses}
${problems(view)}
${fairness(view)}
${trials(view)}
${provenance(view)}</main>
<footer><p>Written by meshbench ${analysis.record.run.provenance.meshbench} on ${dateWords(about.generatedAt)} from run <code>${analysis.record.run.id}</code>. This file is complete: it loads nothing and runs no script.</p></footer>`
  return textOf(document(title, body))
}

function document(title: string, body: Html): Html {
  return html`${trusted('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>${title} · meshbench</title><style>${trusted(STYLE)}</style></head>
<body>${body}</body></html>
`
}
