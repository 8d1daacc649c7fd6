import { count } from '../../analyse/wording.ts'
import { formatDuration } from '../../model/units.ts'
import { formatRatio } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { costSentence, loadWords } from '../sentences.ts'
import type { View } from '../view.ts'

/** What a reader with half a minute reads: the answer, what it is an answer about, and how far it can be trusted. */
export function opening(view: View, title: string): Html {
  const { run } = view.analysis.record
  const { machine, platform } = run.provenance
  const { scenario } = run.plan
  return html`<header class="opening">
<p class="eyebrow">meshbench · what a service mesh costs</p>
<h1>${title}</h1>
${scenario.description && html`<p class="subtitle">${scenario.description}</p>`}
<p class="meta"><time datetime="${run.startedAt}">${dateWords(run.startedAt)}</time> · platform <b>${platform}</b> · ${machine.cpu}, ${machine.cores} cores · ${scenario.profile} settings · ${count(view.arms.length, 'arm')} × ${count(view.loads.length, 'load')}</p>
${run.provenance.caveat && html`<p class="caveat" role="note"><b>Read this first.</b> ${run.provenance.caveat}</p>`}
${answers(view)}
${badges(view)}
</header>`
}

/** "2026-03-01 20:15 UTC"; what is no time is shown as it is. */
export function dateWords(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso
}

/** The first load speaks loudest; each says the tail, then the median, then CPU. */
function answers(view: View): Html {
  return html`<section aria-labelledby="answer" class="answer"><h2 id="answer" class="quiet">The answer</h2>
${view.loads.map((load, index) => {
  const metrics = ['p99', 'p50', 'cpu'].flatMap((name) => view.metric(name) ?? [])
  return html`<div class="${index === 0 ? 'lead' : 'also'}"><p class="load"><b>${load.name}</b> ${loadWords(load)}</p>
${metrics.map((metric, place) => html`<p${place > 0 && html` class="second"`}>${costSentence(view, load, metric)}</p>`)}</div>`
})}</section>`
}

function badges(view: View): Html {
  return html`<ul class="badges" aria-label="Validity">${[validity(view), noise(view), provisioning(view)]}</ul>`
}

function validity({ analysis }: View): Html {
  const having = (status: string) => analysis.trials.filter((trial) => trial.status === status).length
  const planned = analysis.trials.length + analysis.missing.length
  const valid = having('valid')
  const rest = [
    [having('invalid'), 'invalid'],
    [having('failed'), 'failed'],
    [analysis.missing.length, 'not run'],
  ] as const
  const shortfall = rest.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ')
  const tone = valid === 0 ? 'bad' : valid < planned ? 'warn' : 'good'
  return html`<li class="badge ${tone}"><b>${valid} of ${planned} trials valid</b><span>${shortfall ? html`${shortfall}: <a href="#problems">why</a>` : 'none left out'}</span></li>`
}

/** What the A/A pair shows of p99 under each load. */
function noise(view: View): Html {
  const bands = view.loads.flatMap(({ name }) => {
    const band = view.noise(name, 'p99')
    return band === undefined ? [] : [`up to ${formatRatio(band)} under ${name}`]
  })
  return bands.length === 0
    ? html`<li class="badge warn"><b>Noise floor unknown</b><span>no A/A pair with valid data: name the baseline a second time</span></li>`
    : html`<li class="badge"><b>Noise floor of p99</b><span>${view.baseline.name} against itself: ${bands.join(', ')}</span></li>`
}

function provisioning({ analysis }: View): Html {
  const { cohorts, scenario } = analysis.record.run.plan
  const blocks = cohorts.reduce((sum, cohort) => sum + cohort.blocks.length, 0)
  const longest = Math.max(0, ...scenario.loads.map(({ duration }) => duration))
  return html`<li class="badge"><b>${count(blocks, 'block')} in ${count(cohorts.length, 'cohort')}</b><span>windows of ${formatDuration(longest)}, order seeded by ${scenario.seed}</span></li>`
}
