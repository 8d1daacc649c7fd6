import { TAIL } from '../../analyse/quantiles.ts'
import type { Analysis, MetricInfo } from '../../model/analysis.ts'
import { blockCount, trialsOf } from '../../model/plan.ts'
import type { HeldResult } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { formatDuration, formatLatency } from '../../model/units.ts'
import { capital, count } from '../../model/words.ts'
import { BUDGET, costAnswer, fastest, isDecided, loadWords, rateWords, type Winner } from '../data/answers.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatRatio, htmlWords } from '../format.ts'
import { type Html, html } from '../html.ts'
import { cheapest } from './cluster-costs.ts'
import { costTable } from './costs.ts'

/** The top of the page: the answer, the table of costs, and their reliability. */
export function opening(view: View, analysis: Analysis, title: string): Html {
  const { run } = analysis.record
  const { platform, machine } = run.provenance
  const { scenario } = run.plan
  const known = versions(view, analysis)
  return html`<header class="opening">
<p class="eyebrow"><span class="brand">meshbench</span> <time datetime="${run.startedAt}">${dateWords(run.startedAt)}</time> · ${platform} on ${machine.cpu}, ${machine.cores} cores · ${scenario.profile} settings${known && ` · ${known}`}</p>
<h1>${scenario.description ?? title}</h1>
${run.provenance.caveat && html`<p class="caveat" role="note"><b>Read this first.</b> ${run.provenance.caveat}</p>`}
<div class="panels">${view.loads.length > 1 && loadTabs(view)}${view.loads.map((load) => panel(view, analysis, load))}</div>
</header>`
}

/** Formats a time as "2026-03-01 20:15 UTC"; other text is returned unchanged. */
export function dateWords(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso
}

/** "1.31.1 (istio-sidecar, istio-ambient), edge-26.6.3 (linkerd)": the versions of the measured arms, from their evidence. */
function versions(view: View, { trials }: Analysis): string {
  const seen = view.arms.flatMap(({ name, role }) => {
    const version = role === 'other' && trials.map(({ result }) => versionIn(result, name)).find(Boolean)
    return version ? [{ name, version: version.split(',')[0] ?? '' }] : []
  })
  const groups = [...Map.groupBy(seen, ({ version }) => version)]
  return groups.map(([version, those]) => `${version} (${those.map(({ name }) => name).join(', ')})`).join(', ')
}

function versionIn({ trial, outcome }: HeldResult, arm: string): string | undefined {
  if (trial.arm !== arm || outcome.status !== 'measured') return undefined
  return outcome.reading.observation.evidence.find(({ name }) => name === 'version')?.seen
}

/** The choice of a load works without scripts: the style sheet shows the panel of the selected radio button. */
function loadTabs(view: View): Html {
  return html`<fieldset class="tabs"><legend>Load</legend>${view.loads.map(
    (load, index) =>
      html`<label><input type="radio" name="load" id="load-${index}"${index === 0 && html` checked`}><span>${load.name}<small>${rateWords(load)}</small></span></label>`,
  )}</fieldset>`
}

function panel(view: View, analysis: Analysis, load: Load): Html {
  const index = view.loads.indexOf(load)
  const [lead, ...others] = answersOf(view, load)
  return html`<section class="panel panel-${index}" aria-labelledby="answer-${index}">
<h2 id="answer-${index}" class="quiet">${loadWords(load)}, driven by ${load.tool}${load.rate === 'max' && '; latencies are service times, since a closed loop has no intended send time'}</h2>
${lead && html`<p class="lead">${htmlWords(costAnswer(view, load, lead, 'with load'))}</p>`}
${others.map((metric) => html`<p class="second">${htmlWords(costAnswer(view, load, metric))}</p>`)}
<div class="cards">${winners(view, load)}${trust(view, analysis, load)}</div>
<div data-part="costs-${index}">${costTable(view, load)}</div></section>`
}

/** The metrics of the opening: tail, median, CPU of the mesh; metrics with decided differences come first. */
export function answersOf(view: View, load: Load): MetricInfo[] {
  const names = [latencyMetric(view, load, TAIL), latencyMetric(view, load, 'p50'), 'mesh-cpu']
  const metrics = names.flatMap((name) => view.metric(name) ?? [])
  return metrics.toSorted((a, b) => Number(isDecided(view, load, b)) - Number(isDecided(view, load, a)))
}

function winners(view: View, load: Load): Html {
  const { unranked } = view.data
  if (unranked !== undefined) {
    return html`<div class="card"><h3>Lowest and cheapest</h3><p class="winner">not ranked</p><p>${capital(unranked)}. The figures are an example of a report.</p></div>`
  }
  return html`${card(`Cheapest under a p99 of ${formatLatency(BUDGET)}`, cheapest(view, load))}${card(`Lowest ${tailTitle(view, load)}`, fastest(view, load))}`
}

function tailTitle(view: View, load: Load): string {
  return latencyMetric(view, load, TAIL) === TAIL ? 'p99 of a typical second' : 'p99'
}

function card(title: string, { arms, level, real, why }: Winner): Html {
  const verdict =
    real === undefined
      ? ''
      : html`<b class="${real ? 'yes' : 'no'}">${real ? 'A real difference.' : 'The order is not decided.'}</b> `
  return html`<div class="card"><h3>${title}</h3><p class="winner">${arms.length > 1 ? html`tied: ${arms.join(', ')}` : (arms[0] ?? '–')}${level && html` <small>${level}</small>`}</p><p>${verdict}${htmlWords(why)}</p></div>`
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
  const broken = valid.length < planned / 2 || here.some(({ severity }) => severity === 'invalid')
  const tone = broken ? 'bad' : valid.length < planned || cautions.length > 0 ? 'warn' : 'good'
  const blocks = blockCount(plan)
  return html`<div class="card trust ${tone}"><h3>Reliability</h3><p class="winner">${valid.length} of ${planned} trials valid</p>
<p>${valid.length < planned && html`<a href="#problems">Why the others are not valid.</a> `}${cautions.length > 0 && html`<b class="no">Caution:</b> <a href="#problems">${cautions.join('; ')}</a>. `}${noiseWords(view, load)} ${count(blocks, 'block')} in ${count(cohorts.length, 'cohort')}, windows of ${formatDuration(load.duration)}, seed ${scenario.seed}. <a href="#provenance">${machine.cpu}, ${machine.cores} cores</a></p></div>`
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
