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

/**
 * Renders the report as one HTML file that needs no network; the most important parts come first. Returns the bytes of its parts in
 * order: one is text no longer when the next is made, since in V8 all text takes two bytes a letter where one letter is not Latin.
 */
export async function renderReport(
  analysis: Analysis,
  about: ReportAbout,
  data = pageData(analysis, about.history),
): Promise<readonly Uint8Array[]> {
  const view = viewOf(data)
  const title = about.title ?? analysis.record.run.plan.scenario.name
  const isSearch = analysis.capacities.length > 0
  const hasOperations = view.loads.some(isOperated)
  const isSteady = !isSearch && !hasOperations
  // What a reader selects is recomputed from steady trials at one rate: a page of searches or operations has nothing to select.
  const scripts = isSteady ? about.scripts : undefined
  const rated = [
    () => answers(view, analysis),
    () => differences(view),
    () => costsOfArms(view),
    () => scriptGroups(view, analysis),
    () => featureCost(view, analysis),
    () => services(view, analysis),
    () => latency(view),
    () => resources(view),
    () => clusterSize(view),
    () => sweeps(view),
    () => history(view),
    () => stalls(view, analysis),
  ]
  const makers: readonly (() => Html | Promise<Html>)[] = [
    ...(isSteady ? rated : [() => (isSearch ? capacity(view, analysis) : lifecycle(view, analysis))]),
    () => fairness(view, analysis),
    () => problems(analysis),
    ...(isSteady ? [() => trials(view, analysis)] : []),
    () => method(view),
    () => provenance(analysis),
  ]
  const sections = await Array.fromAsync(makers, async (make) => {
    const markup = textOf(await make())
    return Buffer.from(scripts ? markup : withoutScripts(markup))
  })
  const start = html`${head(title, scripts)}
<body><a class="skip" href="#${isSearch ? 'capacity' : hasOperations ? 'lifecycle' : 'differences'}">Skip to the charts</a>
<main>${opening(view, analysis, title)}
${about.gate && gateVerdict(about.gate)}
<div id="bar"><div id="controls"></div>${contents(sections)}<div id="unpublished" role="status" hidden></div></div>
<section id="other-run" aria-label="Another run" hidden></section>`
  const client = html`${scripts && scriptsHtml(scripts, await packedText(data))}`
  const end = html`</main>
<footer><p>Written by meshbench ${analysis.record.run.provenance.meshbench} on ${dateWords(about.generatedAt)} from run <code>${analysis.record.run.id}</code>. This file is complete: it loads nothing and needs no script.</p></footer>${scripts && engineHtml(scripts)}</body></html>
`
  const [answer, ...rest] = sections
  const parts = [bytesOf(start), ...(answer ? [answer] : []), bytesOf(client), ...rest]
  return [...parts.flatMap((part, index) => (index === 0 ? [part] : [NEW_LINE, part])), bytesOf(end)]
}

const NEW_LINE = Buffer.from('\n')

function bytesOf(markup: Html): Buffer {
  return Buffer.from(textOf(markup))
}

/** Gzip of JSON, in base64. A part after the other, since the text of a run of many trials is tens of megabytes. */
async function packedText(data: PageData): Promise<string> {
  const packed = await buffer(Readable.from(jsonParts({ ...data })).pipe(createGzip({ level: 9 })))
  return packed.toString('base64')
}

/** So many elements of a list are written at once. */
const ELEMENTS = 100

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

function contents(sections: readonly Buffer[]): Html {
  const links = CONTENTS.filter(([id]) => sections.some((section) => section.includes(`<h2 id="${id}"`)))
  return html`<details class="menu contents"><summary>Contents</summary><nav aria-label="Contents"><ul>${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></details>`
}

function head(title: string, scripts: PageScripts | undefined): Html {
  return html`${trusted('<!doctype html>')}
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyOf(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>${title} · meshbench</title><style>${trusted(STYLE)}${scripts && trusted(FIRST_PAINT)}</style></head>`
}
