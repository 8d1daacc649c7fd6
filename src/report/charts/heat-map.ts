import { count } from '../../analyse/wording.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import { formatLevel } from '../figures.ts'
import type { View } from '../view.ts'
import { heatMapSpec } from './heat-drawn.ts'
import { type HeatRows, heatRows } from './heat-rows.ts'

/** p99 in each second of each trial: moments that stood still are dark spots, drift is a darkening from row to row. */
export function heatMapChart(view: View, load: Load): Chart {
  const found = heatRows(view, load)
  const { rows, bin } = found
  return {
    id: `seconds-${view.loads.indexOf(load)}`,
    title: `p99 in ${bin === 1 ? 'each second' : `every ${bin} seconds`} of each trial, ${load.name}`,
    sentence: rows.length > 0 ? sentenceOf(found) : '',
    drawing:
      rows.length > 0
        ? (frame) => heatMapSpec(found, frame)
        : { reason: 'No chart: no trial of this load has a time line.' },
    columns: [
      { name: 'Arm' },
      { name: 'Block', unit: 'dimensionless' },
      { name: 'Status' },
      { name: 'Median', unit: 'seconds' },
      { name: 'Worst', unit: 'seconds' },
      { name: `p99 in ms in ${bin === 1 ? 'each second' : `each ${bin} seconds`}` },
    ],
    rows: rows.map(({ style, block, isValid, p99 }) => {
      const each = p99.map((value) => (value > 0 ? formatNumber(value * 1e3).replaceAll(',', '') : '–')).join(' ')
      return [style.name, block, isValid ? 'valid' : 'invalid', middle(p99), Math.max(...p99), each]
    }),
  }
}

function middle(values: readonly number[]): number | undefined {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function sentenceOf({ rows, bin, all }: HeatRows): string {
  const worst = rows.reduce((a, b) => (Math.max(...b.p99) > Math.max(...a.p99) ? b : a))
  const most = Math.max(...worst.p99)
  const usual = middle(rows.flatMap(({ p99 }) => p99)) ?? most
  const at = worst.p99.indexOf(most) * bin
  const some = rows.length < all ? ` Shown are ${rows.length} of ${count(all, 'trial')}, spread over the run.` : ''
  return `The worst ${bin === 1 ? 'second' : `${bin} seconds`} had a p99 of ${formatLevel('seconds', most)}, ${formatNumber(most / usual, 2)} times the usual ${formatLevel('seconds', usual)}: with ${worst.style.name}, in block ${worst.block}${worst.isValid ? '' : ' (invalid)'}, ${at} s into its window.${some}`
}
