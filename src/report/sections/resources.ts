import { list } from '../../analyse/wording.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { MESH_ROLES } from '../../model/usage.ts'
import { amountOf, billOf, componentBars, type Resource, totalOf } from '../charts/component-bars.ts'
import { type CostPoint, costPoints, costScatter } from '../charts/cost-scatter.ts'
import { byRole, ROLE_STYLES } from '../charts/roles.ts'
import { figure } from '../figure.ts'
import { formatInterval, formatLevel } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { armLegend, roleLegend } from '../legend.ts'
import type { View } from '../view.ts'

const NO_DATA = { reason: 'no trial of this load is valid and has its resource usage.' } as const

/** The bill: CPU against latency, then CPU and memory by component. */
export async function resources(view: View): Promise<Html> {
  const parts = await Promise.all(
    view.loads.map(async (load, index) => {
      const figures = await Promise.all([
        scatterFigure(view, load, index),
        barsFigure(view, load, index, 'cpu'),
        barsFigure(view, load, index, 'memory'),
      ])
      return html`<h3>${load.name}</h3><div class="pair">${figures}</div>`
    }),
  )
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>The whole bill: application, proxies on both sides, node proxies, waypoint and control plane, wherever they run; the load generator is left out. CPU is counted between the two edges of each window and divided by the requests answered in it.</p>
${parts}</section>`
}

function scatterFigure(view: View, load: Load, index: number): Promise<Html> {
  const points = costPoints(view, load)
  return figure({
    id: `scatter-${index}`,
    title: `CPU against p99, ${load.name}`,
    sentence: scatterSentence(points),
    legend: armLegend(points.map(({ style }) => style)),
    chart: points.length > 0 ? (frame) => costScatter(view, load, frame) : NO_DATA,
    table: {
      head: [
        { content: 'Arm' },
        { content: 'CPU-seconds per million', numeric: true },
        { content: '95 % interval', numeric: true },
        { content: 'p99', numeric: true },
        { content: '95 % interval', numeric: true },
      ],
      rows: points.map(({ style, cpu, p99 }) => [
        style.name,
        ...(
          [
            ['cpu-seconds-per-million', cpu],
            ['seconds', p99],
          ] as const
        ).flatMap(([unit, estimate]) => [
          { numeric: true, content: formatLevel(unit, estimate.center) },
          { numeric: true, content: formatInterval(estimate, (value) => formatLevel(unit, value)) ?? '–' },
        ]),
      ]),
    },
  })
}

/** Names the arms that no other arm beats on both axes. */
function scatterSentence(points: readonly CostPoint[]): string {
  const meshed = points.filter(({ style }) => style.role === 'other')
  if (meshed.length === 0)
    return 'Only the baseline has both figures. Down and to the left is better; crosses are 95 % intervals.'
  const best = meshed.filter(
    (one) => !meshed.some((other) => other.cpu.center < one.cpu.center && other.p99.center < one.p99.center),
  )
  const names = list(best.map(({ style }) => style.name))
  const claim =
    best.length === 1
      ? `Of the arms with a mesh, ${names} has the lowest mean on both axes`
      : `Of the arms with a mesh, no other has lower means on both axes than ${names}`
  return `${claim}. Down and to the left is better; crosses are 95 % intervals.`
}

function barsFigure(view: View, load: Load, index: number, resource: Resource): Promise<Html> {
  const bill = billOf(view, load)
  const parts = bill.flatMap((one) => one.parts)
  const unit = resource === 'cpu' ? 'cpu-seconds-per-million' : 'bytes'
  const roles = [...new Set([...parts].sort(byRole).map(({ role }) => role))]
  return figure({
    id: `${resource}-${index}`,
    title: `${resource === 'cpu' ? 'CPU' : 'Memory'} by component, ${load.name}`,
    sentence: barsSentence(bill, resource),
    legend: roleLegend(roles),
    chart: bill.length > 0 ? (frame) => componentBars(view, load, resource, frame) : NO_DATA,
    table: {
      head: [
        { content: 'Arm' },
        { content: 'Component' },
        { content: 'Role' },
        { content: resource === 'cpu' ? 'CPU-seconds per million' : 'Memory', numeric: true },
        { content: 'Trials', numeric: true },
      ],
      rows: parts.map((part) => [
        part.arm,
        part.component,
        ROLE_STYLES[part.role].title,
        { numeric: true, content: formatLevel(unit, amountOf(resource, part)) },
        { numeric: true, content: part.n },
      ]),
    },
  })
}

function barsSentence(bill: ReturnType<typeof billOf>, resource: Resource): string {
  const unit = resource === 'cpu' ? 'cpu-seconds-per-million' : 'bytes'
  const most = bill.toSorted((a, b) => totalOf(resource, b.parts) - totalOf(resource, a.parts))[0]
  if (!most) return ''
  const all = totalOf(resource, most.parts)
  const mesh = totalOf(
    resource,
    most.parts.filter(({ role }) => MESH_ROLES.has(role)),
  )
  const share = all > 0 ? ` of which its mesh is ${formatNumber((mesh / all) * 100, 2)} %` : ''
  const what = resource === 'cpu' ? 'CPU time per million requests' : 'memory'
  return `${most.arm} uses the most ${what}: ${formatLevel(unit, all)}${share && `,${share}`}.`
}
