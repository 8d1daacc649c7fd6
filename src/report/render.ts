import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import type { Trend } from '../analyse/over-runs/trends.ts'
import type { Analysis } from '../model/analysis.ts'
import type { Failure } from '../model/failure.ts'
import { isOperated } from '../model/scenario.ts'
import type { GateResult } from '../model/verdict.ts'
import { type PageData, pageData } from './data/page-data.ts'
import { viewOf } from './data/view.ts'
import { withoutScripts } from './figure.ts'
import { type Html, html, textOf, trusted } from './html.ts'
import { FIRST_PAINT, STYLE } from './page-style.ts'
import { engineHtml, type PageScripts, policyOf, scriptsHtml } from './scripts.ts'
import { differences, history, latency, resources, stalls, sweeps } from './sections/chart-sections.ts'
import { clusterSize } from './sections/cluster-costs.ts'
import { fairness } from './sections/fairness.ts'
import { method } from './sections/method.ts'
import { answers, costsOfArms, dateWords, gateVerdict, opening } from './sections/opening.ts'
import { provenance } from './sections/origin.ts'
import { featureCost, scriptGroups, services } from './sections/own-workload.ts'
import { problems } from './sections/problems.ts'
import { capacity } from './sections/purposes/capacity-answer.ts'
import { lifecycle } from './sections/purposes/lifecycle-answer.ts'
import { trials } from './sections/trials.ts'

/** Facts of the page besides the analysis. */
interface ReportAbout {
  readonly title?: string
  /** ISO 8601. */
  readonly generatedAt: string
  readonly history?: readonly Trend[]
  /** By the limits of the scenario; absent where it has none. */
  readonly gate?: GateResult | Failure | undefined
  /** Scripts that make the page interactive. Without them it is complete but static. */
  readonly scripts?: PageScripts
}

const CONTENTS = [
  ['capacity', 'Capacity'],
  ['lifecycle', 'Operations'],
  ['differences', 'Differences'],
  ['costs', 'Costs'],
  ['script', 'Script'],
  ['feature-cost', 'Features'],
  ['services', 'Services'],
  ['latency', 'Latency'],
  ['resources', 'CPU and memory'],
  ['cluster-size', 'Your cluster'],
  ['sweep', 'Rates'],
  ['history', 'History'],
  ['stalls', 'Stalls'],
  ['fairness', 'Fairness'],
  ['problems', 'Limits'],
  ['trials', 'Trials'],
  ['method', 'Method'],
  ['reproduce', 'Reproduce'],
  ['provenance', 'Provenance'],
] as const

/** Renders the report as one HTML file that needs no network; the most important parts come first. */
export async function renderReport(
  analysis: Analysis,
  about: ReportAbout,
  data = pageData(analysis, about.history),
): Promise<string> {
  const view = viewOf(data)
  const title = about.title ?? analysis.record.run.plan.scenario.name
  const isSearch = analysis.capacities.length > 0
  const hasOperations = view.loads.some(isOperated)
  const isSteady = !isSearch && !hasOperations
  // What a reader selects is recomputed from steady trials at one rate: a page of searches or operations has nothing to select.
  const scripts = isSteady ? about.scripts : undefined
  const rated = () => [
    answers(view, analysis),
    differences(view),
    costsOfArms(view),
    scriptGroups(view, analysis),
    featureCost(view, analysis),
    services(view, analysis),
    latency(view),
    resources(view),
    clusterSize(view),
    sweeps(view),
    history(view),
    stalls(view, analysis),
  ]
  const sections = await Promise.all([
    ...(isSteady ? rated() : [isSearch ? capacity(view, analysis) : lifecycle(view, analysis)]),
    fairness(view, analysis),
    problems(analysis),
    ...(isSteady ? [trials(view, analysis)] : []),
    method(view),
    provenance(analysis),
  ])
  const [answer = '', ...rest] = sections.map((section) => {
    return scripts ? textOf(section) : withoutScripts(textOf(section))
  })
  const parts = rest.join('\n')
  const body = html`<a class="skip" href="#${isSearch ? 'capacity' : hasOperations ? 'lifecycle' : 'differences'}">Skip to the charts</a>
<main>${opening(view, analysis, title)}
${about.gate && gateVerdict(about.gate)}
<div id="bar"><div id="controls"></div>${contents(answer + parts)}<div id="unpublished" role="status" hidden></div></div>
<section id="other-run" aria-label="Another run" hidden></section>
${trusted(answer)}
${scripts && scriptsHtml(scripts, await packedText(data))}
${trusted(parts)}</main>
<footer><p>Written by meshbench ${analysis.record.run.provenance.meshbench} on ${dateWords(about.generatedAt)} from run <code>${analysis.record.run.id}</code>. This file is complete: it loads nothing and needs no script.</p></footer>`
  return textOf(document(title, scripts, body))
}

/** Gzip of JSON, in base64. A part after the other, since the text of a run of many trials is tens of megabytes. */
async function packedText(data: PageData): Promise<string> {
  const packed = await buffer(Readable.from(jsonParts({ ...data })).pipe(createGzip({ level: 9 })))
  return packed.toString('base64')
}

/** So many elements of a list are written at once. */
const ELEMENTS = 1000

/** What `JSON.stringify` writes. */
function* jsonParts(data: Readonly<Record<string, unknown>>): Generator<string> {
  let before = '{'
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue
    yield `${before}${JSON.stringify(key)}:`
    before = ','
    if (!Array.isArray(value) || value.length <= ELEMENTS) {
      yield JSON.stringify(value)
      continue
    }
    for (let from = 0; from < value.length; from += ELEMENTS) {
      yield `${from === 0 ? '[' : ','}${JSON.stringify(value.slice(from, from + ELEMENTS)).slice(1, -1)}`
    }
    yield ']'
  }
  yield '}'
}

function contents(there: string): Html {
  const links = CONTENTS.filter(([id]) => there.includes(`<h2 id="${id}"`))
  return html`<details class="menu contents"><summary>Contents</summary><nav aria-label="Contents"><ul>${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></details>`
}

function document(title: string, scripts: PageScripts | undefined, body: Html): Html {
  return html`${trusted('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyOf(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>${title} · meshbench</title><style>${trusted(STYLE)}${scripts && trusted(FIRST_PAINT)}</style></head>
<body>${body}${scripts && engineHtml(scripts)}</body></html>
`
}
