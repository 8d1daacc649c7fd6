import type { Analysis } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { Failure } from '../../model/failure.ts'
import { blockCount, trialsOf } from '../../model/plan.ts'
import { TAIL } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { formatChange, formatChanges, formatDuration } from '../../model/units.ts'
import type { GateCell, GateFinding, GateResult } from '../../model/verdict.ts'
import { capital, count, list } from '../../model/words.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatRatio } from '../format.ts'
import { type Html, html } from '../html.ts'
import { costs, headline, tailTitle, winners } from './answer.ts'
import { byLoad } from './chart-sections.ts'

/** The top of the page: what was measured where. */
export function opening({ data }: View, analysis: Analysis, title: string): Html {
  const { run } = analysis.record
  const { platform, machine } = run.provenance
  const { scenario } = run.plan
  return html`<header class="opening">
<p class="eyebrow"><span class="brand">meshbench</span> <time datetime="${run.startedAt}">${dateWords(run.startedAt)}</time> · ${platform} on ${machine.cpu}, ${machine.cores} cores · ${scenario.profile} settings${data.run.versions && ` · ${data.run.versions}`}</p>
<h1>${scenario.description ?? `${title}: ${list(data.arms.map(({ name }) => name))}`}</h1>
${run.provenance.caveat && html`<p class="caveat" role="note"><b>Read this first.</b> ${run.provenance.caveat}</p>`}
</header>`
}

const TONES: Readonly<Record<GateResult['verdict'], 'good' | 'warn' | 'bad'>> = {
  pass: 'good',
  improvement: 'good',
  inconclusive: 'warn',
  invalid: 'bad',
  budget: 'bad',
  regression: 'bad',
}

const DECIDING: ReadonlySet<GateFinding['severity']> = new Set(['regression', 'budget', 'invalid', 'inconclusive'])
/** Findings that the page tells; `meshbench gate` tells all. */
const TOLD = 3

/** The verdict of the gate over all loads: what is worse, by how much, since when, and how to measure it again. */
export function gateVerdict(gate: GateResult | Failure): Html {
  if (gate instanceof Failure) {
    return card(
      'warn',
      html`<p class="winner">Not judged</p><p>${capital(gate.message)}${gate.why && html`: ${gate.why}`}</p>`,
    )
  }
  const { verdict, headline, findings, cells, run, changes } = gate
  const worse = cells
    .filter((cell) => cell.verdict === 'regression' && cell.level === 'error' && !cell.waived)
    .toSorted((a, b) => sizeOf(b) - sizeOf(a))
  const others = findings.filter(({ severity, rule }) =>
    rule === 'regression' ? severity === 'warning' : DECIDING.has(severity) || rule.endsWith('-waived'),
  )
  const told = [
    ...worse.map(regression),
    ...others.map(
      ({ severity, message }) =>
        html`<li>${DECIDING.has(severity) ? message : html`Does not decide (${severity === 'warning' ? 'level warn' : 'waived'}): ${message}`}</li>`,
    ),
  ]
  const more = told.length - TOLD
  const again = [...new Set(worse.map(({ reproduce }) => reproduce))]
  return card(
    TONES[verdict],
    html`<p class="winner">${capital(headline)}</p>
${told.length > 0 && html`<ul>${told.slice(0, TOLD)}</ul>`}
${more > 0 && html`<p>${count(more, 'more finding')}: <code>meshbench gate ${run.id}</code></p>`}
${worse.length > 0 && changes.length > 0 && html`<p>Differences between reference and candidate: ${changes.slice(0, TOLD).map(({ what, reference, candidate }, index) => html`${index > 0 && '; '}${what} (${reference} → ${candidate})`)}.</p>`}
${again.length > 0 && html`<p>Measure it again: ${again.slice(0, TOLD).map((command) => html`<code>${command}</code> `)}</p>`}`,
  )
}

/** How far from 1 the ratio is, as a logarithm. */
function sizeOf({ ratio }: GateCell): number {
  return Math.abs(Math.log(ratio?.center ?? 1))
}

function regression({ arm, reference, load, metric, ratio, blocks, since }: GateCell): Html {
  const interval = ratio && formatChanges(ratio)
  return html`<li><b>${metric.title} of ${arm} under ${load}: ${ratio && formatChange(ratio.center)} against ${reference}</b>${interval && html` (${LEVEL_TEXT} interval ${interval})`}, worse in ${blocks.worse} of ${count(blocks.valid, 'block')}. ${since?.message}</li>`
}

function card(tone: 'good' | 'warn' | 'bad', content: Html): Html {
  return html`<section class="gate" aria-labelledby="gate"><div class="card trust ${tone}"><h2 id="gate" class="quiet">Gate</h2>
${content}</div></section>`
}

/** The answer under each load, and how far to trust it. Parts with `data-part` follow the reader. */
export async function answers(view: View, analysis: Analysis): Promise<Html> {
  return byLoad(view, (load) => {
    const index = view.loads.indexOf(load)
    return html`<section class="panel" aria-labelledby="answer-${index}"><div data-part="headline-${index}">${headline(view, load)}</div>
<div class="cards"><div class="winners" data-part="winners-${index}">${winners(view, load)}</div>${trust(view, analysis, load)}</div></section>`
  })
}

/** The first table. */
export async function costsOfArms(view: View): Promise<Html> {
  return html`<section class="first" aria-labelledby="costs"><h2 id="costs">What each arm costs</h2>
${await byLoad(view, (load) => html`<div data-part="costs-${view.loads.indexOf(load)}">${costs(view, load)}</div>`)}</section>`
}

/** Formats a time as "2026-03-01 20:15 UTC"; other text is returned unchanged. */
export function dateWords(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso
}

/** Short texts for problems that limit the figures. Other rules are shown by name. */
const CAUTIONS: Readonly<Record<string, string>> = {
  drift: 'latency drifted during the run',
  'order-effect': 'the position of an arm in its block mattered',
  'one-cohort': 'all blocks ran on one provisioning',
  'common-pauses': 'connections of all arms stalled together',
  'two-provisionings': 'an arm was provisioned anew within a cohort',
  sequential: 'the arms were not interleaved',
  'no-noise-floor': 'there is no A/A pair, so the noise is unknown',
  'noise-hides-all': 'equal arms differ as much as the others do',
  'too-few-blocks': 'an arm has too few blocks in common with the baseline',
  'too-few-samples': 'trials have too few requests for their highest percentiles',
  'settings-differ': 'settings differ between the arms',
  'error-rates-differ': 'error rates differ between the arms',
  'faster-than-nothing': 'an arm with proxies looks cheaper than none',
  'unlike-published': 'figures are unlike published ones',
}

/** Rules that the number of valid trials covers already. */
const COUNTED = new Set(['missing-trials', 'lost-trials'])

const RELIABILITY = { good: 'Reliable', warn: 'Use with care', bad: 'Not reliable' } as const

/** The reliability of a load's figures, in three lines. */
function trust(view: View, analysis: Analysis, load: Load): Html {
  const of = analysis.trials.filter(({ result }) => result.trial.load === load.name)
  const valid = of.filter(({ status }) => status === 'valid')
  const { plan, provenance } = analysis.record.run
  const { cohorts, scenario } = plan
  const { machine } = provenance
  const planned = trialsOf(plan).filter((trial) => trial.load === load.name).length
  const here = analysis.problems.filter((problem) => problem.load === undefined || problem.load === load.name)
  const rules = [
    ...here.map(({ rule }) => rule),
    ...valid.flatMap(({ problems }) => problems.flatMap(({ rule }) => (rule === 'too-few-samples' ? [rule] : []))),
  ]
  const cautions = [...new Set(rules)]
    .filter((rule) => !COUNTED.has(rule))
    .map((rule) => CAUTIONS[rule] ?? rule.replaceAll('-', ' '))
  const broken = view.data.unreliable?.includes(load.name)
  const tone = broken ? 'bad' : valid.length < planned || cautions.length > 0 ? 'warn' : 'good'
  const blocks = blockCount(plan)
  return html`<div class="card trust ${tone}"><h3>Reliability</h3><p class="winner">${RELIABILITY[tone]} <small>${valid.length} of ${planned} trials valid</small></p>
<p>${valid.length < planned && html`<a href="#problems">Why the others are not valid.</a> `}${cautions.length > 0 && html`<b class="no">${tone === 'bad' ? 'Reasons' : 'Caution'}:</b> <a href="#problems">${cautions.join('; ')}</a>. `}${noiseWords(view, load)} ${count(blocks, 'block')} in ${count(cohorts.length, 'cohort')}, windows of ${formatDuration(load.duration)}, seed ${scenario.seed}. <a href="#provenance">${machine.cpu}, ${machine.cores} cores</a></p></div>`
}

function noiseWords(view: View, load: Load): string {
  const known = [tailTitle(view, load), 'p50'].flatMap((title) => {
    const band = view.noise(load.name, latencyMetric(view, load, title === 'p50' ? title : TAIL))
    return band === undefined ? [] : [`${formatRatio(band)} at ${title}`]
  })
  return known.length === 0
    ? 'No noise floor: there is no A/A pair with valid data.'
    : `Noise floor: two equal arms differ by up to ${known.join(', ')}.`
}
