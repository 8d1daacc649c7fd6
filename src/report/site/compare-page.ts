import { type Contrast, notesOf, type Side, type SidesCompared, VERDICTS } from '../../compare/contrast.ts'
import type { Clock, MetricInfo } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { blockCount } from '../../model/plan.ts'
import { capital, count, list, validityWords } from '../../model/words.ts'
import { type ArmStyle, swatch } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { forestSpec } from '../charts/forest.ts'
import { type ForestPanel, titleOf } from '../charts/forest-rows.ts'
import { loadWords } from '../data/answers.ts'
import { armStyles } from '../data/styles-of-arms.ts'
import { figure } from '../figure.ts'
import {
  formatDifference,
  formatInterval,
  formatLevel,
  formatRatio,
  formatRatioInterval,
  htmlWords,
  strung,
  type Words,
} from '../format.ts'
import { type Html, html } from '../html.ts'
import { dayOf, machineWords, minuteOf, shortCaveat } from '../outputs/run-words.ts'
import { heading, headingWords, whisker, whiskerScale } from '../sections/costs.ts'
import { type TableCell, table } from '../table.ts'
import { siteDocument } from './document.ts'

/** What a comparison is shown with besides its figures. */
interface CompareAbout {
  readonly sides: readonly (readonly [Side, Side])[]
  readonly metrics: readonly MetricInfo[]
  /** The command that makes this page. */
  readonly command: string
  /** Addresses of the runs' own pages, as seen from this one; undefined where a run has none. */
  readonly pages: readonly [string | undefined, string | undefined]
}

/** What `meshbench compare` finds, as a page: A, B, and B against A. */
export async function comparePage(compared: SidesCompared, about: CompareAbout): Promise<string> {
  const { sides, command } = about
  const [first] = sides
  if (!first) throw new TypeError('a comparison has two sides')
  const loads = [...new Set(compared.contrasts.map(({ load }) => load))]
  const sections = await Array.fromAsync(loads, (load, index) => figuresOf(compared, about, load, index))
  const { cautions } = compared
  const isOneArm = first[0].arm !== first[1].arm
  return siteDocument({
    title: titleWords(first, compared),
    lead: LEADS[compared.method],
    links: [
      ...(loads.length > 0 ? [{ href: '#load-0', name: 'Figures' }] : []),
      ...(compared.method === 'unpaired' ? [{ href: '#changed', name: 'Other changes' }] : []),
      { href: '#sides', name: compared.method === 'paired' ? 'The run' : 'Both runs' },
      { href: '#cautions', name: 'Cautions' },
      { href: '#repeat', name: 'Repeat' },
    ],
    writtenBy: 'meshbench compare --html',
    body: html`<section class="panel versus" aria-labelledby="answer"><h2 id="answer" class="quiet">${scopeWords(compared)}</h2>
${answer(compared, about)}<div class="cards">${sideCard('A', first[0], about.pages[0], isOneArm)}${sideCard('B', first[1], about.pages[1], isOneArm)}${methodCard(compared, cautions.length)}</div></section>
${sections}${compared.method === 'unpaired' && otherChanges(compared)}${bothSides(first, compared)}
${cautionsOf(compared)}
<section aria-labelledby="repeat"><h2 id="repeat">Repeat</h2><pre tabindex="0"><code>${command}</code></pre></section>`,
  })
}

/** What holds for every figure; what holds for single ones is behind a fold, since there may be dozens. */
function cautionsOf({ cautions, contrasts }: SidesCompared): Html {
  const notes = notesOf(contrasts)
  const items = (lines: readonly string[]) =>
    html`<ul class="cautions">${lines.map((one) => html`<li>${one}</li>`)}</ul>`
  return html`<section aria-labelledby="cautions"><h2 id="cautions">Cautions</h2>
${cautions.length > 0 ? items(cautions) : html`<p>None for the comparison as a whole.</p>`}
${notes.length > 0 && html`<details><summary>${count(notes.length, 'note')} on single metrics</summary>${items(notes)}</details>`}</section>`
}

const LEADS = {
  paired: `B is compared with A within the blocks of one run: ratios of geometric means with ${LEVEL_TEXT} intervals.`,
  unpaired: `B is compared with A, trial against trial: the Hodges–Lehmann shift with its ${LEVEL_TEXT} interval. Everything that changed between the runs is part of every difference.`,
} as const

function titleWords([a, b]: readonly [Side, Side], { method }: SidesCompared): string {
  if (method === 'paired') return `${b.arm} compared with ${a.arm}`
  const [from, to] = [a, b].map(({ analysis }) => analysis.record.run)
  if (!from || !to) return 'Two runs'
  const days = [dayOf(from.startedAt), dayOf(to.startedAt)]
  const [one, other] = days[0] === days[1] ? [minuteOf(from.startedAt), minuteOf(to.startedAt)] : days
  const [name, otherName] = [from.plan.scenario.name, to.plan.scenario.name]
  return `${name === otherName ? name : `${name} and ${otherName}`}: ${one} (A) and ${other} (B)`
}

function scopeWords({ contrasts }: SidesCompared): string {
  const of = (pick: (one: Contrast) => string) => new Set(contrasts.map(pick)).size
  const arms = of(({ armA, armB }) => JSON.stringify([armA, armB]))
  return `${count(contrasts.length, 'figure')}: ${count(arms, 'arm')}, ${count(
    of(({ load }) => load),
    'load',
  )}, ${count(
    of(({ metric }) => metric),
    'metric',
  )}`
}

/** As many arms, figures of an arm and versions as a reader takes in at once; tables have all. */
const TOLD = { arms: 2, figures: 4, versions: 4 }

/** What changed, the most changed arm first, and between which versions. */
function answer(compared: SidesCompared, { metrics }: CompareAbout): Html {
  const { contrasts, method } = compared
  const decided = contrasts.filter(isDecided)
  const byArms = Map.groupBy(decided, ({ armA, armB }) => JSON.stringify([armA, armB]))
  const told = [...byArms.values()]
    .map((all) => mostOf([...Map.groupBy(all, ({ load }) => load).values()]).slice(0, TOLD.figures))
    .toSorted((a, b) => b.length - a.length)
    .slice(0, TOLD.arms)
  const count = (of: Contrast['standing']) => contrasts.filter(({ standing }) => standing === of).length
  const [more, open, missing] = [decided.length - told.flat().length, count('undecided'), count('no-data')]
  const rest = [
    ...(more > 0 ? [`${more} more ${more === 1 ? 'figure differs' : 'figures differ'}`] : []),
    ...(open > 0 ? [`${open} ${open === 1 ? 'is' : 'are'} too noisy to say`] : []),
    ...(missing > 0 ? [`${missing} ${missing === 1 ? 'has' : 'have'} no data`] : []),
  ]
  const lead: Words =
    told.length === 0
      ? [open > 0 ? 'No difference between A and B is decided.' : 'No figure of B differs from A beyond the noise.']
      : [...strung(told.map((all) => changesOfArm(all, metrics))), '.']
  return html`<p class="lead">${htmlWords(lead)}</p>
${rest.length > 0 && html`<p class="second">${capital(list(rest))}.</p>`}
${method === 'unpaired' && versionChanges(compared)}`
}

function isDecided({ standing }: Contrast): boolean {
  return standing === 'higher' || standing === 'lower'
}

function mostOf(lists: readonly (readonly Contrast[])[]): readonly Contrast[] {
  return lists.toSorted((a, b) => b.length - a.length)[0] ?? []
}

/** "istio-sidecar under http-400, B against A: p50 +12 % (+8.2 to +14 %) and p99 …" */
function changesOfArm(changes: readonly Contrast[], metrics: readonly MetricInfo[]): Words {
  const [first] = changes
  if (!first) return []
  const { armA, armB, load } = first
  const arms: Words = armA === armB ? [{ arm: armB }] : [{ arm: armB }, ' against ', { arm: armA }]
  const figures = changes.map((one) => {
    const metric = metricOf(one, metrics)
    const { change, interval } = changeOf(one, metric)
    return `${metric ? headingWords(metric, clockOf(metric))[0] : one.metric} ${change}${interval ? ` (${interval})` : ''}`
  })
  return [...arms, ` under ${load}: ${list(figures)}`]
}

function changeOf({ ratio, difference }: Contrast, metric: MetricInfo | undefined) {
  if (ratio) return { change: formatRatio(ratio.center), interval: formatRatioInterval(ratio) }
  const unit = metric?.unit
  if (!difference || !unit) return { change: '–', interval: undefined }
  const format = (value: number) => formatDifference(unit, value)
  return { change: format(difference.center), interval: formatInterval(difference, format) }
}

/** Facts that are no version of anything: they are in the table of other changes. */
const NO_VERSION = /^(?:cohorts|blocks|commit|kernel|node|operating system)$/

/** What is likely to have caused a change: versions of meshes before those of tools, each with the arms that have it. */
function versionChanges({ changed }: SidesCompared): Html {
  const versions = changed.filter(({ what }) => !NO_VERSION.test(what))
  const told = versions.map(({ what, a, b }) => {
    const [, arm, fact = what] = /^arm ([^:]+): (.*)$/.exec(what) ?? []
    return { arm, text: `${fact} ${shortened(a)} → ${shortened(b)}` }
  })
  const groups = [...Map.groupBy(told, ({ text }) => text)].map(([text, of]) => {
    const arms = of.flatMap(({ arm }) => arm ?? [])
    return { ofArms: arms.length > 0, text: arms.length > 0 ? `${list(arms)}: ${text}` : text }
  })
  const sorted = groups.toSorted((a, b) => Number(b.ofArms) - Number(a.ofArms)).map(({ text }) => text)
  const more = sorted.length - TOLD.versions
  if (sorted.length === 0) {
    return html`<p class="second">No recorded version of a mesh or a tool changed from A to B.</p>`
  }
  return html`<p class="second"><b>Changed from A to B:</b> ${sorted.slice(0, TOLD.versions).join('; ')}${more > 0 && html`; <a href="#changed">${more} more</a>`}.</p>`
}

/** An arm may have many values. */
const LONGEST = 60

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function sideCard(name: 'A' | 'B', { analysis, arm }: Side, page: string | undefined, isOneArm: boolean): Html {
  const { run } = analysis.record
  const began = minuteOf(run.startedAt)
  const id = html`<code>${run.id}</code>`
  return html`<div class="card"><h3>${name}: ${run.plan.scenario.name}</h3><p class="winner">${isOneArm ? arm : began}</p>
<p>${isOneArm && `Began ${began}. `}Run ${page === undefined ? html`${id}, which has no page: <code>meshbench report ${run.id}</code> writes it` : html`<a href="${page}">${id}</a>`}. ${validityWords(analysis)}, ${count(blockCount(run.plan), 'block')} in ${count(run.plan.cohorts.length, 'cohort')}.</p></div>`
}

function methodCard({ method, contrasts }: SidesCompared, cautions: number): Html {
  const words = Object.entries(VERDICTS).flatMap(([standing, word]) => {
    const number = contrasts.filter((one) => one.standing === standing).length
    return number > 0 ? [`${word}: ${number}`] : []
  })
  return html`<div class="card trust ${cautions > 0 ? 'warn' : 'good'}"><h3>Method</h3><p class="winner">${capital(method)}</p>
<p>${words.join('; ')}. Verdicts are adjusted for all ${contrasts.length} comparisons (Holm). ${cautions > 0 && html`<a href="#cautions">${count(cautions, 'caution')}</a>.`}</p></div>`
}

async function figuresOf(compared: SidesCompared, about: CompareAbout, load: string, index: number): Promise<Html> {
  const own = compared.contrasts.filter((one) => one.load === load)
  const first = about.sides[0]?.[0].analysis.record.run.plan.scenario.loads.find(({ name }) => name === load)
  const id = `load-${index}`
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${load}</h2>${first && html`<p>${loadWords(first)}, driven by ${first.tool}.</p>`}
<div class="compared" data-part="costs-${index}">${figureTable(own, about, index)}</div>
<div class="figures single">${await figure(differencesChart(own, about, load, index), true)}</div></section>`
}

interface Row {
  readonly name: string
  readonly style: ArmStyle
  readonly cells: readonly Contrast[]
}

/** One for each pair of arms, looking as in the report of A. */
function rowsOf(contrasts: readonly Contrast[], { sides }: CompareAbout): Row[] {
  const scenario = sides[0]?.[1].analysis.record.run.plan.scenario
  const styles = scenario ? armStyles(scenario) : []
  return [...Map.groupBy(contrasts, ({ armA, armB }) => JSON.stringify([armA, armB])).values()].flatMap((cells) => {
    const [{ armA, armB }] = cells as [Contrast, ...Contrast[]]
    const style = styles.find(({ name }) => name === armB)
    return style ? [{ name: armA === armB ? armB : `${armB} against ${armA}`, style, cells }] : []
  })
}

/** Arms × metrics: the change first, then both levels, from which a reader can check it. */
function figureTable(contrasts: readonly Contrast[], about: CompareAbout, index: number): Html {
  const names = [...new Set(contrasts.map(({ metric }) => metric))]
  const infos = names.map((name) => about.metrics.find((metric) => metric.name === name))
  const scales = names.map((name) =>
    whiskerScale(contrasts.flatMap(({ metric, ratio }) => (metric === name && ratio ? [ratio] : []))),
  )
  return table({
    id: `compared-${index}`,
    kind: 'costs',
    caption: `${contrasts[0]?.load ?? ''}: B to A, with the ${LEVEL_TEXT} interval; below it, the level of A and of B: geometric means over valid trials, as in the report of each run.`,
    head: [
      { content: 'Arm' },
      ...infos.map((info, at) => ({ content: info ? heading(info, clockOf(info)) : names[at], numeric: true })),
    ],
    rows: rowsOf(contrasts, about).map(({ name, style, cells }) => [
      html`<span class="arm">${swatch(style)}<span>${name}</span></span><small>${style.title}</small>`,
      ...names.map((metric, at) =>
        cellOf(
          cells.find((one) => one.metric === metric),
          infos[at],
          scales[at] ?? [0.9, 1.1],
        ),
      ),
    ]),
  })
}

/** Of a metric that has no clock in its name: the response time, which is the headline's. */
function clockOf({ clock }: MetricInfo): Clock {
  return clock ?? 'response'
}

function cellOf(
  contrast: Contrast | undefined,
  metric: MetricInfo | undefined,
  scale: readonly [number, number],
): TableCell {
  const label = metric ? headingWords(metric, clockOf(metric))[0] : ''
  if (!contrast || !metric || contrast.standing === 'no-data') {
    return { tone: 'faint', label, content: html`–<small>no data</small>` }
  }
  const { levelA, levelB, ratio, standing } = contrast
  const level = (side: Contrast['levelA']) => (side ? formatLevel(metric.unit, side.center) : '–')
  if (levelA?.center === 0 && levelB?.center === 0) {
    return { tone: 'faint', label, content: html`–<small>0 in A and in B</small>` }
  }
  const decided = standing === 'higher' || standing === 'lower'
  const tone = decided ? (standing === metric.better ? 'better' : 'worse') : 'faint'
  const { change, interval } = changeOf(contrast, metric)
  return {
    tone,
    label,
    content: html`<span class="level">${change}</span>${ratio && whisker(ratio, scale)}<small>${interval ?? 'no interval'}</small><small class="line">${level(levelA)} → ${level(levelB)}</small><small>${VERDICTS[standing]}</small>`,
  }
}

/** The same as a picture, and every number of it behind the fold. */
function differencesChart(contrasts: readonly Contrast[], about: CompareAbout, load: string, index: number): Chart {
  const panels = panelsOf(contrasts, about)
  const isPaired = contrasts.some(({ method }) => method === 'paired')
  return {
    id: `compared-chart-${index}`,
    title: `Differences of B from A, ${load}`,
    sentence: `Ratios of B to A with ${LEVEL_TEXT} intervals. Filled marks are decided differences; hollow marks are not relevant or too noisy to say.`,
    drawing:
      panels.length > 0
        ? (frame) => forestSpec(panels, frame)
        : { reason: 'No chart: no figure of both sides has a ratio.' },
    columns: [
      { name: 'Arm' },
      { name: 'Metric' },
      { name: 'A', unit: 'dimensionless' },
      { name: 'B', unit: 'dimensionless' },
      { name: 'Change', unit: 'dimensionless' },
      { name: `${LEVEL_TEXT} interval`, unit: 'dimensionless' },
      { name: 'p (Holm)', unit: 'dimensionless' },
      { name: isPaired ? 'B higher in' : 'Cliff’s delta', unit: 'dimensionless' },
      { name: 'Trials of A', unit: 'dimensionless' },
      { name: 'Trials of B', unit: 'dimensionless' },
      { name: 'Verdict' },
    ],
    rows: rowsOf(contrasts, about).flatMap(({ name, cells }) =>
      cells.map((one) => numbersOf(name, one, about.metrics)),
    ),
  }
}

function numbersOf(name: string, contrast: Contrast, metrics: readonly MetricInfo[]): Chart['rows'][number] {
  const { metric, levelA, levelB, adjusted, delta, pairs, higherIn, a, b, standing } = contrast
  const info = metricOf(contrast, metrics)
  const { change, interval } = changeOf(contrast, info)
  const level = (side: Contrast['levelA']) => (side && info ? formatLevel(info.unit, side.center) : '–')
  return [
    name,
    info?.title ?? metric,
    level(levelA),
    level(levelB),
    change,
    interval,
    adjusted,
    pairs === undefined ? delta : `${higherIn} of ${pairs}`,
    a.length,
    b.length,
    VERDICTS[standing],
  ]
}

/** Metrics that have a ratio for some arm. */
function panelsOf(contrasts: readonly Contrast[], about: CompareAbout): ForestPanel[] {
  const rows = rowsOf(contrasts, about)
  return about.metrics.flatMap((metric) => {
    const own = rows.flatMap(({ name, style, cells }) => {
      const found = cells.find((one) => one.metric === metric.name)
      if (!found) return []
      const { ratio, standing } = found
      return [{ style: { ...style, name, role: 'other' as const }, metric, cell: undefined, ratio, standing }]
    })
    return own.some(({ ratio }) => ratio) ? [{ metric, title: titleOf(metric), noise: undefined, rows: own }] : []
  })
}

function metricOf({ metric }: Contrast, metrics: readonly MetricInfo[]): MetricInfo | undefined {
  return metrics.find(({ name }) => name === metric)
}

/** What differs between the runs besides their figures. */
function otherChanges({ changed }: SidesCompared): Html {
  return html`<section aria-labelledby="changed"><h2 id="changed">Other changes</h2>
<p>What is recorded of both runs and is not the same: the likely causes of a difference.</p>
${
  changed.length === 0
    ? html`<p class="reason">Nothing else that is recorded of the runs differs.</p>`
    : html`<div class="facts-of-runs">${table({
        id: 'changed-table',
        caption: 'Changed from A to B',
        head: [{ content: 'What' }, { content: 'A' }, { content: 'B' }],
        rows: changed.map(({ what, a, b }) => [capital(what), a, b]),
      })}</div>`
}</section>`
}

/** Where and how both sides were measured. */
function bothSides([a, b]: readonly [Side, Side], { method }: SidesCompared): Html {
  const [one, other] = [factsOf(a), factsOf(b)]
  const isPaired = method === 'paired'
  return html`<section aria-labelledby="sides"><h2 id="sides">${isPaired ? 'The run' : 'Both runs'}</h2><div class="facts-of-runs">${table(
    {
      id: 'sides-table',
      caption: isPaired ? 'Both arms were measured in one run' : 'Facts in bold differ',
      head: [{ content: 'Fact' }, ...(isPaired ? [{ content: 'Value' }] : [{ content: 'A' }, { content: 'B' }])],
      rows: one.map(([name, value], index) => {
        const there = other[index]?.[1] ?? '–'
        if (isPaired) return [name, value]
        return value === there ? [name, value, there] : [name, html`<b>${value}</b>`, html`<b>${there}</b>`]
      }),
    },
  )}</div></section>`
}

function factsOf({ analysis }: Side): (readonly [string, string])[] {
  const { run } = analysis.record
  const { plan, provenance } = run
  const { machine, tools, git, caveat } = provenance
  return [
    ['Run', run.id],
    ['Began', minuteOf(run.startedAt)],
    ['Scenario', plan.scenario.name],
    [
      'Arms',
      list(plan.scenario.arms.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`))),
    ],
    ['Platform and settings', `${provenance.platform}, ${plan.scenario.profile}`],
    ['Machine', machineWords(machine)],
    ['Operating system', `${machine.os}, kernel ${machine.kernel}`],
    ['meshbench', `${provenance.meshbench}, Node ${provenance.node}`],
    ['Programs', list(tools.map(({ name, version }) => `${name} ${version}`)) || '–'],
    ['Commit', git ? `${git.commit.slice(0, 12)}${git.dirty ? ' with changes' : ''}` : '–'],
    ['Trials', validityWords(analysis)],
    ['Blocks', `${blockCount(plan)} in ${count(plan.cohorts.length, 'cohort')}`],
    ['Caveat', caveat === undefined ? '–' : shortCaveat(caveat)],
  ]
}
