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

/** The bill by component, and what is bought with it: CPU against latency. */
export async function resources(view: View): Promise<Html> {
  const bills = await Promise.all(view.loads.map((load, index) => bill(view, load, index)))
  const scatters = await Promise.all(view.loads.map((load, index) => scatterFigure(view, load, index)))
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>The whole bill: application, proxies on both sides, node proxies, waypoint and control plane, wherever they run; the load generator is left out. CPU is counted between the two edges of each window and divided by the requests of the load.</p>
${bills}
<h3>CPU against p99</h3><p class="under">Down and to the left is better. Crosses are 95 % intervals.</p>${armLegend(view.arms)}<div class="pair">${scatters}</div></section>`
}

async function bill(view: View, load: Load, index: number): Promise<Html> {
  const figures = await Promise.all([barsFigure(view, load, index, 'cpu'), barsFigure(view, load, index, 'memory')])
  const parts = billOf(view, load).flatMap((one) => one.parts)
  const roles = [...new Set(parts.sort(byRole).map(({ role }) => role))]
  return html`<h3>${load.name}</h3>${roles.length > 0 && roleLegend(roles)}<div class="pair">${figures}</div>`
}

function barsFigure(view: View, load: Load, index: number, resource: Resource): Promise<Html> {
  const bars = billOf(view, load)
  return figure({
    id: `${resource}-${index}`,
    title: `${resource === 'cpu' ? 'CPU' : 'Memory'} by component, ${load.name}`,
    sentence: barsSentence(bars, resource),
    chart: bars.length > 0 ? (frame) => componentBars(view, load, resource, frame) : NO_DATA,
    table: {
      head: [
        { content: 'Arm' },
        { content: 'Component' },
        { content: 'Role' },
        { content: resource === 'cpu' ? 'CPU-seconds per million' : 'Memory', numeric: true },
        { content: 'Trials', numeric: true },
      ],
      rows: bars.flatMap(({ parts }) =>
        parts.map((part) => [
          part.arm,
          part.component,
          ROLE_STYLES[part.role].title,
          { numeric: true, content: formatLevel(UNITS[resource], amountOf(resource, part)) },
          { numeric: true, content: part.n },
        ]),
      ),
    },
  })
}

const UNITS = { cpu: 'cpu-seconds-per-million', memory: 'bytes' } as const

function barsSentence(bars: ReturnType<typeof billOf>, resource: Resource): string {
  const most = bars.toSorted((a, b) => totalOf(resource, b.parts) - totalOf(resource, a.parts))[0]
  if (!most) return ''
  const all = totalOf(resource, most.parts)
  const ofMesh = most.parts.filter(({ role }) => MESH_ROLES.has(role))
  const share = all > 0 ? `, ${formatNumber((totalOf(resource, ofMesh) / all) * 100, 2)} % of it for the mesh` : ''
  const what = resource === 'cpu' ? 'CPU time per million requests' : 'memory'
  return `${most.arm} uses the most ${what}: ${formatLevel(UNITS[resource], all)}${share}.`
}

function scatterFigure(view: View, load: Load, index: number): Promise<Html> {
  const points = costPoints(view, load)
  return figure({
    id: `scatter-${index}`,
    title: `CPU against p99, ${load.name}`,
    sentence: scatterSentence(points),
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
        ...[[UNITS.cpu, cpu] as const, ['seconds', p99] as const].flatMap(([unit, estimate]) => [
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
  const best = meshed.filter(
    (one) => !meshed.some((other) => other.cpu.center < one.cpu.center && other.p99.center < one.p99.center),
  )
  const names = list(best.map(({ style }) => style.name))
  if (best.length === 0) return 'Only the baseline has both figures.'
  return best.length === 1
    ? `Of the other arms, ${names} has the lowest mean on both axes.`
    : `Of the other arms, none has lower means on both axes than ${names}.`
}
