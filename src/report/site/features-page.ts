import {
  FEATURE_GROUPS,
  FEATURE_VERDICTS,
  type FeatureGroup,
  type FeatureResult,
  type FeatureVerdict,
  featureWords,
} from '../../model/feature.ts'
import type { Provenance } from '../../model/result.ts'
import { commandText } from '../../model/words.ts'
import { type Html, html } from '../html.ts'
import { fenced, row, text } from '../outputs/markdown.ts'
import { siteDocument } from './document.ts'

/** A run of probes, with what its results mean. */
export interface ProbedFeatures {
  readonly run: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly provenance: Pick<Provenance, 'meshbench' | 'platform' | 'commandLine' | 'caveat'>
  readonly arms: readonly { readonly name: string; readonly mesh: string }[]
  readonly probes: readonly {
    readonly name: string
    readonly title: string
    readonly group: FeatureGroup
    readonly asks: string
  }[]
  readonly results: readonly FeatureResult[]
}

/** Features × arms, each cell with its evidence: one HTML file that runs no script. */
export function featuresPage(probed: ProbedFeatures): string {
  const { run, startedAt, probes, arms, provenance } = probed
  const groups = Object.entries(FEATURE_GROUPS).flatMap(([group, title]) => {
    const own = probes.filter((probe) => probe.group === group)
    return own.length === 0 ? [] : [{ group, title, own }]
  })
  const cells = byCell(probed)
  return siteDocument({
    title: 'What each mesh does',
    lead: html`${String(probes.length)} features of ${String(arms.length)} arms, each tried with real requests on ${startedAt.slice(0, 10)}. A cell says what requests showed; open it for the objects that were applied and the evidence.`,
    links: groups.map(({ group, title }) => ({ href: `#${group}`, name: title })),
    writtenBy: 'meshbench features',
    body: html`<section>${legend(probed)}${provenance.caveat !== undefined && html`<p>${provenance.caveat}</p>`}</section>
${groups.map(({ group, title, own }) => html`<section><h2 id="${group}">${title}</h2><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="features"><thead><tr><th scope="col">Feature</th>${arms.map(({ name }) => html`<th scope="col">${name}${versionOf(probed, name)}</th>`)}</tr></thead><tbody>${own.map(({ name, title, asks }) => html`<tr><th scope="row">${title}<small>${asks}</small></th>${arms.map((arm) => html`<td>${cell(cells.get(keyOf(arm.name, name)))}</td>`)}</tr>`)}</tbody></table></div></section>`)}
<section><h2 id="repeat">Repeat it</h2><p>Run <code>${run}</code>, meshbench ${provenance.meshbench}, platform ${provenance.platform}.</p><pre><code>${commandText(provenance.commandLine)}</code></pre></section>`,
  })
}

function legend({ results }: ProbedFeatures): Html {
  return html`<ul class="plain">${occurring(results).map((verdict) => html`<li><b class="${CLASSES[verdict]}">${FEATURE_VERDICTS[verdict].mark} ${FEATURE_VERDICTS[verdict].title}</b>: ${FEATURE_VERDICTS[verdict].meaning}</li>`)}</ul><p>Times run from the moment that the API server accepted the objects until requests showed the behaviour.</p>`
}

function occurring(results: readonly FeatureResult[]): FeatureVerdict[] {
  const seen = new Set(results.map(({ verdict }) => verdict))
  return (Object.keys(FEATURE_VERDICTS) as FeatureVerdict[]).filter((verdict) => seen.has(verdict))
}

function versionOf({ results }: ProbedFeatures, arm: string): Html | false {
  const version = results.find((one) => one.arm === arm && one.version !== undefined)?.version
  return version !== undefined && html`<small>${version}</small>`
}

const keyOf = (arm: string, feature: string) => `${arm} ${feature}`

function byCell({ results }: Pick<ProbedFeatures, 'results'>): ReadonlyMap<string, FeatureResult> {
  return new Map(results.map((result) => [keyOf(result.arm, result.feature), result]))
}

const CLASSES: Readonly<Record<FeatureVerdict, string>> = {
  works: 'verdict pass',
  partly: 'verdict inconclusive',
  'does-not-work': 'verdict regression',
  unsupported: '',
  'not-tried': '',
}

function cell(result: FeatureResult | undefined): Html | string {
  if (!result) return ''
  const { verdict, reason, source, objects, observations } = result
  return html`<details><summary class="${CLASSES[verdict]}">${FEATURE_VERDICTS[verdict].mark} ${featureWords(result)}</summary><p>${reason}</p>${source !== undefined && html`<p><a href="${source}">${source}</a></p>`}<ul>${observations.map(({ when, seen }) => html`<li>${WHEN[when]}: ${seen}</li>`)}</ul>${objects.length > 0 && html`<pre tabindex="0"><code>${objects.map((object) => JSON.stringify(object, undefined, 1)).join('\n')}</code></pre>`}</details>`
}

const WHEN: Readonly<Record<FeatureResult['observations'][number]['when'], string>> = {
  without: 'Without the objects',
  with: 'With what should bring it about',
  removed: 'After the objects were removed',
  elsewhere: 'Where it must be absent',
}

/** The matrix for a pull request or a chat. */
export function featuresMarkdown(probed: ProbedFeatures): string {
  const { run, arms, probes, results, provenance } = probed
  const cells = byCell(probed)
  const words = (result: FeatureResult | undefined) =>
    result ? `${FEATURE_VERDICTS[result.verdict].mark} ${featureWords(result)}` : ''
  const legend = occurring(results).map(
    (verdict) => `${FEATURE_VERDICTS[verdict].title}: ${FEATURE_VERDICTS[verdict].meaning}`,
  )
  return [
    '## meshbench: what each mesh does',
    '',
    row(['Feature', ...arms.map(({ name }) => name)]),
    `|---|${arms.map(() => '---|').join('')}`,
    ...probes.map(({ name, title }) => row([title, ...arms.map((arm) => words(cells.get(keyOf(arm.name, name))))])),
    '',
    `${text(legend.join('. '))}.`,
    '',
    `Run ${text(run)}; to repeat it:`,
    '',
    ...fenced([commandText(provenance.commandLine)]),
    '',
  ].join('\n')
}
