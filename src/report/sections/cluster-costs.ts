import { type ClusterSize, countsOf, demandOf, dollarsOf, meanOfSamples, valuesOf } from '../../analyse/cost-model.ts'
import { equalArms } from '../../compare/pairs.ts'
import { groupsOf } from '../../compare/rank-groups.ts'
import type { Cell, CostSample, Estimate, Resources } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { TAIL } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber, formatRate } from '../../model/units.ts'
import { COST_UNITS, type CostUnit } from '../../model/usage.ts'
import { armLegend, swatch } from '../arm-styles.ts'
import { type CrossingAt, crossingsIn, podsText, samplesIn } from '../charts/cluster-size.ts'
import { BUDGET, type Winner, winner } from '../data/answers.ts'
import { CLUSTER_SIZE_INPUTS } from '../data/page-state.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatInterval, formatLevel, listed } from '../format.ts'
import { type Html, html } from '../html.ts'
import { type TableCell, table } from '../table.ts'
import { byLoad, ofLoad } from './chart-sections.ts'

/** What the mesh of each arm would use in a cluster that the reader describes. */
export async function clusterSize(view: View): Promise<Html> {
  return html`<section aria-labelledby="cluster-size"><h2 id="cluster-size">Cost in your cluster</h2>
<p>This is a model, not a measurement. It adds the idle use of each part of a mesh times the number of such parts, and what every request adds on its path. Sidecars scale with pods, node proxies and CNI with nodes, waypoints with namespaces; there is one control plane. Lines have ${LEVEL_TEXT} intervals.</p>
<p class="under">Measured: idle cores and memory of every part, and what requests add to both. Assumed: requests take the same path as here; a request adds the same at any rate; memory grows with requests per second. Not included, because unknown: how control planes, and the configuration in every proxy, grow with the number of pods and services. <b>The model is rough.</b> It was checked once in a lab: for 13 sidecars it gave 1.2 times their idle CPU and 1.4 times their memory, probably because proxies on a node share pages; and a request took half as much CPU at 400/s as at 20/s.</p>
<div id="cluster-size-inputs">${inputsText(view.clusterSize)}</div>
${armLegend(view.arms)}${await byLoad(view, async (load) => html`<div data-part="cluster-size-${view.loads.indexOf(load)}">${clusterCostTables(view, load)}</div>${await ofLoad(view, load, 'clusterSize')}`)}</section>`
}

/** The inputs of the cost model, for a page without scripts. */
function inputsText(clusterSize: ClusterSize): Html {
  return html`<dl class="inputs">${CLUSTER_SIZE_INPUTS.map(({ key, label }) => html`<div><dt>${label}</dt><dd>${formatNumber(clusterSize[key], 6)}</dd></div>`)}</dl>`
}

const UNITS: Readonly<Record<CostUnit, string>> = {
  pod: 'One pod',
  node: 'One node',
  namespace: 'One namespace',
  cluster: 'Control plane',
}

/** Tables of the measured parts, the total for the cluster, and the crossings of arms. The browser renders them again for other inputs. */
export function clusterCostTables(view: View, load: Load): Html {
  const known = samplesIn(view, load)
  if (known.length === 0) return html``
  const index = view.loads.indexOf(load)
  const { provisioned } = view.data.run
  const { node, namespace } = countsOf(view.clusterSize)
  const counts = `${formatNumber(view.clusterSize.pods)} pods on ${formatNumber(node)} nodes in ${formatNumber(namespace)} namespaces, ${formatRate(view.clusterSize.rate)} each`
  const both = (of: (sample: CostSample) => Resources) => known.map(({ samples }) => amounts(samples, of, provisioned))
  const dollars = (sample: CostSample) => dollarsOf(demandOf(sample, view.clusterSize), view.clusterSize)
  return html`${table({
    id: `cluster-size-parts-${index}`,
    caption: html`${load.name}: parts of each mesh, and the total for ${counts}. Means over trials with ${LEVEL_TEXT} intervals.`,
    head: [
      { content: 'Part' },
      ...known.map(({ style }) => ({
        content: html`<span class="arm">${swatch(style)}<span>${style.name}</span></span>`,
        numeric: true,
      })),
    ],
    rows: [
      ...COST_UNITS.map((unit) => [html`${UNITS[unit]}<small>without load</small>`, ...both(({ idle }) => idle[unit])]),
      [
        html`1,000 requests/s<small>in addition</small>`,
        ...both(({ perRate: { cores, bytes } }) => ({ cores: cores * 1000, bytes: bytes * 1000 })),
      ],
      [html`This cluster`, ...both((sample) => demandOf(sample, view.clusterSize))],
      [
        html`This cluster<small>per month</small>`,
        ...known.map(({ samples }) => {
          const mean = meanOfSamples(samples, dollars, provisioned)
          return { content: mean ? amount('dollars-per-month', mean) : '–' }
        }),
      ],
    ],
  })}${crossingsTable(view, load)}`
}

function amounts(
  samples: readonly CostSample[],
  of: (sample: CostSample) => Resources,
  provisioned: boolean,
): TableCell {
  const [cores, bytes] = (['cores', 'bytes'] as const).map((resource) =>
    meanOfSamples(samples, (sample) => of(sample)[resource], provisioned),
  )
  if (!cores || !bytes || (cores.center === 0 && bytes.center === 0)) return { content: '–', tone: 'faint' }
  return { content: html`${amount('cores', cores)}${amount('bytes', bytes)}` }
}

function amount(unit: 'cores' | 'bytes' | 'dollars-per-month', estimate: Estimate): Html {
  const interval = formatInterval(estimate, (value) => formatLevel(unit, value))
  return html`<span class="level">${formatLevel(unit, estimate.center)}</span>${interval && html`<small>${interval}</small>`}`
}

function crossingsTable(view: View, load: Load): Html {
  const [cores, bytes] = (['cores', 'bytes'] as const).map((resource) => crossingsIn(view, load, resource))
  const pairs = Map.groupBy([...(cores ?? []), ...(bytes ?? [])], pairOf)
  if (pairs.size === 0) return html``
  const words = (all: readonly CrossingAt[] | undefined, pair: string) =>
    html`${(all ?? []).filter((one) => pairOf(one) === pair).map((one) => html`<span class="change">${crossingText(one)}</span>`)}`
  return table({
    id: `cluster-size-crossings-${view.loads.indexOf(load)}`,
    caption: `${load.name}: which of two arms needs less. A crossing is decided where the interval of the paired difference excludes 0 on both sides of it.`,
    head: [{ content: 'Arms' }, { content: 'Cores' }, { content: 'Memory' }],
    rows: [...pairs.keys()].map((pair) => [pair, words(cores, pair), words(bytes, pair)]),
  })
}

function pairOf({ less, more }: CrossingAt): string {
  return [less, more].sort().join(' and ')
}

function crossingText(crossing: CrossingAt): string {
  const { less, more, pods, decided } = crossing
  if (pods === undefined) return decided ? `${less} at every size` : `not decided; by the means ${less} at every size`
  const place = `${less} below ${podsText(crossing)}, ${more} above`
  return decided ? place : `not decided; by the means ${place}`
}

/** The cheapest by the cost model, among the arms whose 95 % interval of the tail ends below the budget. */
export function cheapest(view: View, load: Load): Winner {
  const { clusterSize, data } = view
  const known = samplesIn(view, load).filter(({ style }) => style.role === 'other')
  if (known.length === 0) return { arms: [], why: ['The cost model needs idle windows, and this run has none.'] }
  const cells = known.map(({ style, samples }): Cell => {
    const dollars = (sample: CostSample) => dollarsOf(demandOf(sample, clusterSize), clusterSize)
    const estimate = meanOfSamples(samples, dollars, data.run.provisioned)
    const about = { arm: style.name, load: load.name, metric: 'dollars', standing: 'undecided', notes: [] } as const
    return { ...about, values: valuesOf(samples, dollars), ...(estimate && { estimate }) }
  })
  const groups = groupsOf(cells, {
    better: 'lower',
    equal: equalArms([], data.run.provisioned),
    least: { band: undefined },
  })
  const tail = latencyMetric(view, load, TAIL)
  const isWithin = (arm: string) =>
    (view.cell(arm, load.name, tail)?.estimate?.hi ?? Number.POSITIVE_INFINITY) <= BUDGET
  const level = (arm: string) => {
    const center = cells.find((cell) => cell.arm === arm)?.estimate?.center
    return center === undefined ? undefined : `${formatLevel('dollars-per-month', center)} a month`
  }
  const found = winner({ groups, level }, isWithin)
  const beyond = groups.flatMap(({ arms }) => arms).filter((arm) => !isWithin(arm))
  const limits =
    beyond.length === 0
      ? []
      : [` The ${LEVEL_TEXT} interval exceeds this p99 for `, ...listed(beyond.map((arm) => [{ arm }])), '.']
  const model = ` By the cost model, for ${formatNumber(clusterSize.pods)} pods with ${formatRate(clusterSize.rate)} each, at list prices.`
  return { ...found, why: [...found.why, ...limits, model] }
}
