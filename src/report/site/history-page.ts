import { metrics } from '../../analyse/metrics.ts'
import { type Change, type Drift, type Trend, trendsOf } from '../../analyse/over-runs/trends.ts'
import type { MetricInfo } from '../../model/analysis.ts'
import { type HistoryEntry, likeEntries } from '../../model/history.ts'
import type { Arm } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { formatChange, formatNumber, type MetricUnit } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import { type HistoryLine, historySpec } from '../charts/history-line.ts'
import { armStyles } from '../data/styles-of-arms.ts'
import { figure } from '../figure.ts'
import { formatLevel, formatRatio } from '../format.ts'
import { type Html, html } from '../html.ts'
import { dayOf } from '../outputs/run-words.ts'
import { siteDocument } from './document.ts'
import { type PagesOfRuns, runCount, runLink } from './mesh-table.ts'

/** Trends over runs: a section for each kind of machine, platform and load, since nothing else can stand in one line. */
export async function historyPage(entries: readonly HistoryEntry[], pages: PagesOfRuns = new Map()): Promise<string> {
  const sections = await Array.fromAsync(likeEntries(entries), (of, index) => section(of, index, pages))
  return siteDocument({
    title: 'History',
    lead:
      entries.length === 0
        ? 'No run with a valid trial is in the history.'
        : `${runCount(entries)}. Arms are shown as their ratio to the baseline of the same run, so that a slower machine affects both; the baseline by its level. A ring is a change point: it shows when a series changed, and does not judge a run. A short line across marks the first run of another version of the mesh. A drift is a small change in every run. p is the chance in noise that is autocorrelated as much as the series.`,
    links: [{ href: 'index.html', name: 'Runs' }],
    body: html`${sections}`,
  })
}

async function section(entries: readonly HistoryEntry[], index: number, pages: PagesOfRuns): Promise<Html> {
  const [first] = entries
  if (!first) return html``
  const trends = SHOWN.history.flatMap((metric) => trendsOf(entries, metric))
  const infos = SHOWN.history.flatMap((name) => metrics.find(({ info }) => info.name === name)?.info ?? [])
  const styles = armStyles({ arms: armsOf(entries) })
  const baselines = new Set(entries.map(({ baseline }) => baseline))
  const charts = infos.flatMap((info) => chartsOf(trends, styles, info, { index, baselines }))
  const versions = versionItems(trends, pages)
  const changes = trends.flatMap((trend) => trend.changes.map((change) => changeItem(trend, change, infos, pages)))
  const drifts = trends.flatMap((trend) => (trend.drift ? driftItem(trend, trend.drift, infos) : []))
  return html`<section aria-labelledby="group-${index}"><h2 id="group-${index}">${first.load}</h2>
<p>Platform ${first.platform}, ${first.profile} settings, ${first.machine}. Load: ${first.asked}.</p>
<h3>Trends</h3><div class="figures">${await Array.fromAsync(charts, (chart) => figure(chart, false))}</div>
${versions.length > 0 && html`<h3>New versions</h3><ul>${versions}</ul>`}${changes.length > 0 && html`<h3>Changes</h3><ul>${changes}</ul>`}${drifts.length > 0 && html`<h3>Drift</h3><ul>${drifts}</ul>`}</section>`
}

/** Every arm that was ever there, the baseline first, so that each looks the same in all charts. */
function armsOf(entries: readonly HistoryEntry[]): Arm[] {
  const arms = new Map(entries.map(({ arm, mesh }) => [arm, { name: arm, mesh }]))
  const isBaseline = ({ name }: Arm) => entries.some(({ baseline }) => baseline === name)
  return [...arms.values()].toSorted((a, b) => Number(isBaseline(b)) - Number(isBaseline(a)))
}

interface ChartsOf {
  readonly index: number
  readonly baselines: ReadonlySet<string>
}

function chartsOf(
  all: readonly Trend[],
  styles: readonly ArmStyle[],
  { name, title }: MetricInfo,
  { index, baselines }: ChartsOf,
) {
  const trends = all.filter(({ metric }) => metric === name)
  return (['ratio', 'level'] as const).flatMap((of) => {
    const some = trends.filter((trend) => trend.of === of)
    // What the baseline has none of, such as the CPU of a mesh, is shown by the levels of the other arms.
    const levels = some.every(({ arm }) => baselines.has(arm)) ? ' of the baseline' : ''
    const what = of === 'ratio' ? ' against the baseline' : levels
    return some.length === 0
      ? []
      : [trendChart(some, styles, { id: `trend-${index}-${name}-${of}`, title: `${title}${what}` })]
  })
}

function changeItem(
  trend: Trend,
  { at, before, after, ratio, p, versions }: Change,
  infos: readonly MetricInfo[],
  pages: PagesOfRuns,
): Html {
  const title = infos.find(({ name }) => name === trend.metric)?.title ?? trend.metric
  const between = versions.map(({ what, from, to }) => `${what} ${from} → ${to}`).join('; ')
  return html`<li><b>${dayOf(at)}</b>: ${title} of <b class="name">${trend.arm}</b> ${formatRatio(ratio)} (${chanceText(p, trend)}), after ${runLink(before, pages)}, from ${runLink(after, pages)} on. ${between === '' ? 'No recorded version changed.' : `Changed versions: ${between}.`}</li>`
}

/** A version is new once, and not once for each metric. */
function versionItems(trends: readonly Trend[], pages: PagesOfRuns): Html[] {
  const all = trends.flatMap(({ arm, versions = [] }) => versions.map((one) => ({ arm, ...one })))
  const once = new Map(all.map((one) => [JSON.stringify([one.arm, one.run]), one]))
  return [...once.values()]
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
    .map(
      ({ arm, run, at, from, to }) =>
        html`<li><b>${dayOf(at)}</b>: <b class="name">${arm}</b> ${from} → ${to}, from ${runLink(run, pages)} on.</li>`,
    )
}

function driftItem(trend: Trend, { perRun, ratio, runs, p }: Drift, infos: readonly MetricInfo[]): Html {
  const title = infos.find(({ name }) => name === trend.metric)?.title ?? trend.metric
  return html`<li>${title} of <b class="name">${trend.arm}</b> ${formatChange(perRun, 2)} a run, ${formatRatio(ratio)} over ${runs} runs (${chanceText(p, trend)}).</li>`
}

function chanceText(p: number, { autocorrelation = 0 }: Trend): string {
  return `p ${formatNumber(p, 2)} in noise of autocorrelation ${autocorrelation.toFixed(1)}`
}

/** Older runs stay in the table; so many can be told apart. */
const DRAWN = 60

/** Arms over runs, by one metric under one load: all of them as ratios, or the baseline by its level. */
function trendChart(
  trends: readonly Trend[],
  styles: readonly ArmStyle[],
  { id, title }: Pick<Chart, 'id' | 'title'>,
): Chart {
  const runs = runsOf(trends)
  const lines = linesOf(trends, styles, new Set(runs.slice(-DRAWN).map(({ run }) => run)))
  const of = trends[0]?.of ?? 'ratio'
  const unit = (trends[0]?.unit ?? 'seconds') as MetricUnit
  const isMarked = trends.some(({ versions }) => versions)
  return {
    id,
    title,
    sentence: sentenceOf(trends, runs.length),
    drawing:
      runs.length > 1
        ? (frame) => historySpec({ lines, of, unit, run: '' }, frame)
        : { reason: `No chart: ${count(runs.length, 'run')} so far; a trend needs two.` },
    columns: [
      { name: 'Run' },
      { name: 'Began' },
      ...trends.map(({ arm }) => ({ name: arm, unit: of === 'ratio' ? ('ratio' as const) : unit })),
      ...(isMarked ? [{ name: 'New version' }] : []),
    ],
    rows: runs.map(({ run, startedAt }) => [
      run,
      startedAt,
      ...trends.map(({ points }) => points.find((point) => point.run === run)?.value),
      ...(isMarked ? [newVersionsAt(trends, run)] : []),
    ]),
  }
}

function newVersionsAt(trends: readonly Trend[], run: string): string {
  const found = trends.flatMap(({ arm, versions = [] }) =>
    versions.flatMap((one) => (one.run === run ? [`${arm} ${one.to}`] : [])),
  )
  return list(found)
}

function linesOf(trends: readonly Trend[], styles: readonly ArmStyle[], kept: ReadonlySet<string>): HistoryLine[] {
  return trends.flatMap((trend) => {
    const style = styles.find(({ name }) => name === trend.arm)
    const points = trend.points.filter(({ run }) => kept.has(run))
    const changes = trend.changes.filter(({ after }) => kept.has(after))
    return style && points.length > 0 ? [{ style, trend: { ...trend, points, changes } }] : []
  })
}

function runsOf(trends: readonly Trend[]) {
  const runs = new Map(trends.flatMap(({ points }) => points.map(({ run, startedAt }) => [run, startedAt] as const)))
  return [...runs].map(([run, startedAt]) => ({ run, startedAt })).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
}

function sentenceOf(trends: readonly Trend[], runs: number): string {
  const last = trends.flatMap(({ arm, of, unit, points }) => {
    const value = points.at(-1)?.value
    if (value === undefined) return []
    return [`${arm} at ${of === 'ratio' ? formatRatio(value) : formatLevel(unit as MetricUnit, value)}`]
  })
  const changes = trends.reduce((sum, trend) => sum + trend.changes.length, 0)
  const found = changes === 0 ? 'no change' : count(changes, 'change')
  return `At the end of ${count(runs, 'run')}: ${list(last)}; ${found}.`
}
