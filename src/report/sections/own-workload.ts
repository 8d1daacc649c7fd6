import { featureCostRows } from '../../analyse/feature-costs.ts'
import type { Analysis, Cell, ComponentCost, Estimate, FeatureCosts, ScriptPart } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import type { Load } from '../../model/scenario.ts'
import { callsFrom, depthOf, rootOf, type ServiceGraph, widthOf } from '../../model/service-graph.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import { partName } from '../../model/words.ts'
import { type ArmStyle, swatch } from '../arm-styles.ts'
import type { View } from '../data/view.ts'
import { formatLevel, formatRatio, formatRatioInterval } from '../format.ts'
import { type Html, html } from '../html.ts'
import { table } from '../table.ts'
import { byLoad } from './chart-sections.ts'

/** What a script of the user's did, by its groups and arms; empty where no load has one. Its text is never part of the page. */
export async function scriptGroups(view: View, { script = [] }: Analysis): Promise<Html> {
  if (script.length === 0) return html``
  return html`<section aria-labelledby="script"><h2 id="script">Groups of the script</h2>
<p>Requests by the group of the script that made them: <b>service time</b>, from sending to the answer. <b>Time</b> is the median from the begin to the end of the group, with all that the script does in it. An iteration is one pass through the script. Ratios are to ${view.baseline.name}, paired within blocks, with ${LEVEL_TEXT} intervals; they show where a difference comes from, and each stands for itself.</p>
${await byLoad(view, (load) => groupsOfLoad(view, script, load))}</section>`
}

/** What features cost, by mesh; empty where no arm has one. */
export async function featureCost(view: View, { featureCosts = [] }: Analysis): Promise<Html> {
  if (featureCosts.length === 0) return html``
  return html`<section aria-labelledby="feature-cost"><h2 id="feature-cost">What features cost</h2>
<p>Each feature is the same mesh with the objects of that feature, against the mesh without them: differences, paired within blocks, with ${LEVEL_TEXT} intervals, each for itself. Rows marked A/A are equal arms, whose difference is noise. Proxy cores are what requests add to idle CPU of the proxies. The evidence of each trial says whether the feature was in force.</p>
${await byLoad(view, (load) => html`${featureCosts.map((costs) => costsOfLoad(view, costs, load))}`)}</section>`
}

function costsOfLoad(view: View, costs: FeatureCosts, load: Load): Html {
  return table({
    id: `feature-cost-${costs.without}-${view.loads.indexOf(load)}`,
    caption: `${costs.mesh} under ${load.name}`,
    head: [{ content: 'Feature' }, ...costs.metrics.map(({ title }) => ({ content: title, numeric: true }))],
    rows: featureCostRows(costs, load.name).map(({ label, figures }) => [
      label,
      ...figures.map(
        ({ text, interval }) => html`${text}${interval !== undefined && html`<small>${interval}</small>`}`,
      ),
    ]),
  })
}

function groupsOfLoad(view: View, script: readonly ScriptPart[], load: Load): Html {
  const parts = script.filter((part) => part.load === load.name)
  if (parts.length === 0) return html`<p class="reason">This load has no script.</p>`
  return table({
    id: `script-${view.loads.indexOf(load)}`,
    caption: html`${load.name}: groups of ${load.script ?? ''}`,
    head: [
      { content: 'Group' },
      { content: 'Arm' },
      ...['Requests', 'p50', 'Ratio', 'p99', 'Ratio', 'Time', 'Errors', 'Checks held'].map((content) => ({
        content,
        numeric: true,
      })),
    ],
    rows: parts.flatMap((part) => view.arms.map(({ name }) => row(view, part, name))),
  })
}

function row(view: View, part: ScriptPart, arm: string) {
  const cell = (metric: string) => part.cells.find((one) => one.arm === arm && one.metric === metric)
  const style = view.arms.find(({ name }) => name === arm)
  const counts = part.counts.find((one) => one.arm === arm)
  const { requests = 0, errors = 0, passed = 0, failed = 0 } = counts ?? {}
  return [
    partName(part),
    style ? armName(style) : arm,
    formatNumber(requests, 9),
    level(cell('p50')),
    ratio(cell('p50')?.ratio),
    level(cell('p99')),
    ratio(cell('p99')?.ratio),
    level(cell('time')),
    requests === 0 ? '–' : formatShare(errors / requests),
    passed + failed === 0 ? '–' : formatShare(passed / (passed + failed)),
  ]
}

function level(cell: Cell | undefined): string {
  return cell?.estimate ? formatLevel('seconds', cell.estimate.center) : '–'
}

function ratio(estimate: Estimate | undefined): Html | string {
  if (!estimate) return '–'
  const interval = formatRatioInterval(estimate)
  return html`${formatRatio(estimate.center)}${interval && html`<small>${interval}</small>`}`
}

function armName(style: ArmStyle): Html {
  return html`<span class="arm">${swatch(style)}<span>${style.name}</span></span>`
}

/** What a graph of services costs: the tail by what is asked, and each hop; empty where the workload is no graph. */
export async function services(view: View, analysis: Analysis): Promise<Html> {
  const graph = analysis.record.run.plan.scenario.workload?.services
  if (!graph) return html``
  return html`<section aria-labelledby="services"><h2 id="services">Services</h2>
<p>A request passes up to <b>depth</b> services one after the other, and a service calls up to <b>width</b> others for it. Latency is that of the load generator, so it has all calls in it: a mesh is passed once more with every call.</p>
${tailTable(view, graph)}${await byLoad(view, (load) => hopTable(view, analysis, graph, load))}</section>`
}

function tailTable(view: View, graph: ServiceGraph): Html {
  const numeric = ['Depth', 'Width', 'Calls', 'p50', 'Ratio', 'p99', 'Ratio']
  return table({
    id: 'services-tail',
    caption: html`Latency by depth and width. Ratios are to ${view.baseline.name}, with ${LEVEL_TEXT} intervals.`,
    head: [{ content: 'Load' }, { content: 'Arm' }, ...numeric.map((content) => ({ content, numeric: true }))],
    rows: view.loads.flatMap((load) => {
      const asked = load.service ?? rootOf(graph)
      return view.arms.map((arm) => {
        const cell = (metric: string) => view.cell(arm.name, load.name, metric)
        return [
          html`${load.name}<small>${asked}</small>`,
          armName(arm),
          depthOf(graph, asked),
          widthOf(graph, asked),
          callsIn(graph, asked) - 1,
          ...[cell('p50'), cell('p99')].flatMap((one) => [level(one), ratio(one?.ratio)]),
        ]
      })
    }),
  })
}

/** Requests that one at `asked` makes in all, itself included. */
function callsIn(graph: ServiceGraph, asked: string): number {
  return [...callsFrom(graph, asked).values()].reduce((sum, count) => sum + count, 0)
}

function hopTable(view: View, analysis: Analysis, graph: ServiceGraph, load: Load): Html {
  const asked = load.service ?? rootOf(graph)
  const numeric = ['Calls per request', 'Seen by proxies', 'CPU of the service', 'CPU of its proxy']
  return table({
    id: `services-hops-${view.loads.indexOf(load)}`,
    caption: html`${load.name}: each service below ${asked}. CPU-seconds per million requests of the load generator, above idle; “seen” is what the proxies beside the service counted for each of its requests.`,
    head: [{ content: 'Service' }, { content: 'Arm' }, ...numeric.map((content) => ({ content, numeric: true }))],
    rows: [...callsFrom(graph, asked)].flatMap(([name, calls]) =>
      view.arms.map((arm) => [
        name,
        armName(arm),
        calls,
        seen(analysis, { arm: arm.name, load: load.name, service: name, isAsked: name === asked }),
        cpu(view, arm, load, componentOf(graph, 'application', name)),
        cpu(view, arm, load, componentOf(graph, 'server-proxy', name)),
      ]),
    ),
  })
}

/** The service at the entrance stands where our server would. */
function componentOf(graph: ServiceGraph, component: string, service: string): string {
  return service === rootOf(graph) ? component : `${component}-${service}`
}

interface Hop {
  readonly arm: string
  readonly load: string
  readonly service: string
  readonly isAsked: boolean
}

/** The mean over valid trials. */
function seen({ trials }: Analysis, { arm, load, service, isAsked }: Hop): string {
  const all = trials.flatMap(({ result: { trial, outcome }, status }) => {
    if (status !== 'valid' || trial.arm !== arm || trial.load !== load || outcome.status !== 'measured') return []
    const { observation, requests } = outcome.reading
    const count = isAsked ? observation.carried?.requests : observation.hops?.[service]
    return count === undefined ? [] : [count / requests]
  })
  if (all.length === 0) return '–'
  return formatNumber(all.reduce((sum, one) => sum + one, 0) / all.length, 3)
}

function cpu({ data }: View, arm: ArmStyle, load: Load, component: string): string {
  const found = data.components.find(
    (one: ComponentCost) => one.arm === arm.name && one.load === load.name && one.component === component,
  )
  return found?.cpu === undefined ? '–' : formatLevel('cpu-seconds-per-million', found.cpu)
}
