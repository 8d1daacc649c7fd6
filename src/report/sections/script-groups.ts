import type { Analysis, Cell, Estimate, ScriptPart } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import type { Load } from '../../model/scenario.ts'
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

export function level(cell: Cell | undefined): string {
  return cell?.estimate ? formatLevel('seconds', cell.estimate.center) : '–'
}

export function ratio(estimate: Estimate | undefined): Html | string {
  if (!estimate) return '–'
  const interval = formatRatioInterval(estimate)
  return html`${formatRatio(estimate.center)}${interval && html`<small>${interval}</small>`}`
}

export function armName(style: ArmStyle): Html {
  return html`<span class="arm">${swatch(style)}<span>${style.name}</span></span>`
}
