import type { Analysis, ComponentCost } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import type { Load } from '../../model/scenario.ts'
import { callsFrom, depthOf, rootOf, type ServiceGraph, widthOf } from '../../model/service-graph.ts'
import { formatNumber } from '../../model/units.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Html, html } from '../html.ts'
import { table } from '../table.ts'
import { byLoad } from './chart-sections.ts'
import { armName, level, ratio } from './script-groups.ts'

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
