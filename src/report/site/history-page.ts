import { type Change, type Trend, trendsOf } from '../../analyse/history/trend.ts'
import { TREND_METRICS } from '../../analyse/history/trends-of-run.ts'
import { metrics } from '../../analyse/metrics.ts'
import { count } from '../../analyse/wording.ts'
import type { MetricInfo } from '../../model/analysis.ts'
import type { HistoryEntry } from '../../model/history.ts'
import type { Arm } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { type ArmStyle, armStyles } from '../arm-styles.ts'
import { figure } from '../figure.ts'
import { formatRatio } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { dayOf } from '../outputs/run-words.ts'
import { siteDocument } from './document.ts'
import { trendChart } from './trend-chart.ts'

/** Trends over runs: a section for each kind of machine, platform and load, since nothing else can stand in one line. */
export async function historyPage(entries: readonly HistoryEntry[]): Promise<string> {
  const newestFirst = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
  const groups = [...Map.groupBy(newestFirst, groupKey).values()]
  const sections = await Promise.all(groups.map(section))
  const runs = new Set(entries.map(({ run }) => run)).size
  return siteDocument({
    title: 'History',
    lead:
      runs === 0
        ? 'No run with a valid trial is in the history.'
        : `${count(runs, 'run')}. Arms are shown as their ratio to the baseline of the same run, so that a slower night moves both; the baseline by its level. A ring is a change point: it dates a change, and judges no run.`,
    other: { href: 'index.html', name: 'Runs' },
    body: html`${sections}`,
  })
}

function groupKey({ platform, profile, machine, load, asked }: HistoryEntry): string {
  return JSON.stringify([platform, profile, machine, load, asked])
}

async function section(entries: readonly HistoryEntry[], index: number): Promise<Html> {
  const [first] = entries
  if (!first) return html``
  const trends = TREND_METRICS.flatMap((metric) => trendsOf(entries, metric))
  const infos = TREND_METRICS.flatMap((name) => metrics.find(({ info }) => info.name === name)?.info ?? [])
  const styles = armStyles({ arms: armsOf(entries) })
  const charts = infos.flatMap((info) => chartsOf(trends, styles, info, index))
  const changes = trends.flatMap((trend) => trend.changes.map((change) => changeItem(trend, change, infos)))
  return html`<section aria-labelledby="group-${index}"><h2 id="group-${index}">${first.load}</h2>
<p>Platform ${first.platform}, ${first.profile} settings, ${first.machine}. Load: ${first.asked}.</p>
<h3>Run by run</h3><div class="figures">${await Promise.all(charts.map(figure))}</div>
${changes.length > 0 && html`<h3>What changed, and when</h3><ul>${changes}</ul>`}</section>`
}

/** Every arm that was ever there, the baseline first, so that each looks the same in all charts. */
function armsOf(entries: readonly HistoryEntry[]): Arm[] {
  const arms = new Map(entries.map(({ arm, mesh }) => [arm, { name: arm, mesh }]))
  const isBaseline = ({ name }: Arm) => entries.some(({ baseline }) => baseline === name)
  return [...arms.values()].toSorted((a, b) => Number(isBaseline(b)) - Number(isBaseline(a)))
}

function chartsOf(all: readonly Trend[], styles: readonly ArmStyle[], { name, title }: MetricInfo, index: number) {
  const trends = all.filter(({ metric }) => metric === name)
  return (['ratio', 'level'] as const).flatMap((of) => {
    const some = trends.filter((trend) => trend.of === of)
    const what = of === 'ratio' ? 'against the baseline' : 'of the baseline'
    return some.length === 0
      ? []
      : [trendChart(some, styles, { id: `trend-${index}-${name}-${of}`, title: `${title} ${what}` })]
  })
}

function changeItem(
  trend: Trend,
  { at, before, after, ratio, p, versions }: Change,
  infos: readonly MetricInfo[],
): Html {
  const title = infos.find(({ name }) => name === trend.metric)?.title ?? trend.metric
  const between = versions.map(({ what, from, to }) => `${what} ${from} → ${to}`).join('; ')
  return html`<li><b>${dayOf(at)}</b>: ${title} of <b class="name">${trend.arm}</b> ${formatRatio(ratio)} (p ${formatNumber(p, 2)}), after ${before}, from ${after} on. ${between === '' ? 'No version that is recorded changed in between.' : `In between: ${between}.`}</li>`
}
