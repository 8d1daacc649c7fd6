import type { Load } from '../../model/scenario.ts'
import { billsOf, isCompared } from '../charts/component-bars.ts'
import { byRole } from '../charts/roles.ts'
import { type Html, html } from '../html.ts'
import { armLegend, roleLegend } from '../legend.ts'
import type { View } from '../view.ts'
import { byLoad } from './charts.ts'

/** The bill by component, and what is bought with it. */
export async function resources(view: View): Promise<Html> {
  return html`<section aria-labelledby="resources"><h2 id="resources">CPU and memory</h2>
<p>Application, proxies on both sides, node proxies, waypoint, CNI and control plane, wherever they run. CPU per request is what the load adds to what is busy without load: idle CPU is there at every rate, and stands apart. The rest of the nodes and Kubernetes itself are there in every arm; they have rows in the tables and are in no total and no ratio. CPU is counted between the two edges of each window.</p>
${await byLoad(view, 'resources', (load) => roles(view, load))}
<h3>What is bought with it</h3><p class="under">Crosses are 95 % intervals.</p>${armLegend(view.arms)}${await byLoad(view, 'tradeoffs')}</section>`
}

function roles(view: View, load: Load): Html {
  const parts = billsOf(view, load)
    .flatMap((one) => one.parts)
    .filter(isCompared)
  const seen = [...new Set(parts.sort(byRole).map(({ role }) => role))]
  return seen.length > 0 ? roleLegend(seen) : html``
}
