import type { Load } from '../../model/scenario.ts'
import { formatDuration, formatNumber, MICROS } from '../../model/units.ts'
import { operations } from '../../operations/index.ts'
import type { Chart } from '../chart.ts'
import type { OperatedTrial } from '../data/operated.ts'
import type { View } from '../data/view.ts'
import { INK, MUTED } from './config.ts'
import { secondsDrawing } from './stall-line.ts'

/** The time line of each arm under an operation. */
export function operationCharts(view: View, { name, operation = '' }: Load): Chart[] {
  const all = view.data.operations ?? []
  return view.arms.flatMap((arm) => {
    const index = all.findIndex(({ trial }) => trial.load === name && trial.arm === arm.name)
    const found = all[index]
    return found ? [chartOf(found, operations[operation]?.title ?? operation, index)] : []
  })
}

function chartOf({ trial, timeline, effects }: OperatedTrial, title: string, index: number): Chart {
  const { errors, late, recovery, longerThan, soFar, operation } = effects
  const normal =
    soFar !== undefined
      ? `the operation went on when the window ended; the last second that was not normal ended ${formatNumber(soFar, 2)} s after its start`
      : recovery === undefined
        ? `it was not normal again when the window ended, ${formatDuration(Math.round(longerThan ?? 0))} later`
        : recovery === 0
          ? 'every second was normal until it was over'
          : `it was normal again ${formatNumber(recovery, 2)} s later`
  const at = (column: readonly number[], second: number) => (column[second] ?? 0) / MICROS
  return {
    id: `operation-${index}`,
    title: `${trial.arm}: ${title}`,
    sentence: `From second ${formatNumber(operation.at, 2)} on ${formatNumber(errors, 9)} requests failed, ${formatNumber(late, 9)} were late or never sent; ${normal}.`,
    drawing: (frame) =>
      secondsDrawing(
        {
          length: timeline.p99.length,
          lines: [
            { key: 'p99', title: 'p99', color: INK, dash: [1, 0], micros: timeline.p99 },
            { key: 'p50', title: 'p50', color: MUTED, dash: [7, 3], micros: timeline.p50 },
          ],
          shaded: [
            { x: operation.at, x2: operation.ended ?? timeline.p99.length, color: MUTED, say: `${title} goes on` },
            ...timeline.errors.flatMap((count, second) =>
              count > 0
                ? [
                    {
                      x: second,
                      x2: second + 1,
                      color: 'var(--alarm)',
                      say: `second ${second}: ${count} of ${timeline.requests[second]} requests failed`,
                    },
                  ]
                : [],
            ),
          ],
        },
        frame,
      ),
    columns: [
      { name: 'Second', unit: 'dimensionless' },
      { name: 'Requests', unit: 'dimensionless' },
      { name: 'Errors', unit: 'dimensionless' },
      { name: 'p50', unit: 'seconds' },
      { name: 'p99', unit: 'seconds' },
    ],
    rows: timeline.p99.map((_, second) => [
      second,
      timeline.requests[second],
      timeline.errors[second],
      at(timeline.p50, second),
      at(timeline.p99, second),
    ]),
  }
}
