import type { Load } from '../../model/scenario.ts'
import { billsOf } from '../charts/component-bars.ts'
import { byRole } from '../charts/roles.ts'
import { type Html, html } from '../html.ts'
import { armLegend, roleLegend } from '../legend.ts'
import type { View } from '../view.ts'
import { byLoad } from './charts.ts'

/** The bill by component, and what is bought with it. */
export async function resources(view: View): Promise<Html> {
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>The whole bill: application, proxies on both sides, node proxies, waypoint and control plane, wherever they run; the load generator is left out, and Kubernetes’ own control-plane node stands only in the tables: most of it is there without any mesh, whatever the load. CPU is counted between the two edges of each window and divided by the requests of the load.</p>
${await byLoad(view, 'resources', (load) => roles(view, load))}
<h3>What is bought with it</h3><p class="under">Crosses are 95 % intervals.</p>${armLegend(view.arms)}${await byLoad(view, 'tradeoffs')}</section>`
}

function roles(view: View, load: Load): Html {
  const parts = billsOf(view, load)
    .flatMap((one) => one.parts)
    .filter(({ role }) => role !== 'cluster')
  const seen = [...new Set(parts.sort(byRole).map(({ role }) => role))]
  return seen.length > 0 ? roleLegend(seen) : html``
}
