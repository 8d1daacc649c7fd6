import type { TopLevelSpec } from 'vega-lite'
import { formatShare } from '../../model/units.ts'
import { linearAxis } from './axes.ts'
import { framed, INK, MUTED, quantitative, SHARE_TICK } from './config.ts'
import { type Frame, plotHeight } from './frame.ts'
import { shorten } from './labels.ts'
import type { Layer } from './layer.ts'
import { pixels } from './traced.ts'

/** Simulated nights without any difference. */
export interface FalseAlarms {
  readonly noise: string
  readonly deviation?: number
  readonly nights: number
  readonly alarms: number
  /** One-sided 95 % bound of the share of nights. */
  readonly upper: number
}

const ROW = 34
const LETTER = 6.3

/** The share of nights with a false alarm, up to its bound, against what is promised. */
export function falseAlarmsSpec(settings: readonly FalseAlarms[], goal: number, given: Frame): TopLevelSpec {
  const frame = { ...given, top: 26, left: 8, right: 24, height: 26 + settings.length * ROW + given.bottom }
  const x = linearAxis([goal * 1.1, ...settings.map(({ upper }) => upper)], 0.01, 5)
  const across = quantitative('x', x, { labelExpr: SHARE_TICK, title: 'Nights with a false alarm', titlePadding: 10 })
  const values = settings.map((setting, index) => row(setting, index, frame))
  return {
    ...framed(frame),
    data: { values },
    layer: [
      ...promise(goal, across, plotHeight(frame)),
      {
        mark: { type: 'rule', strokeWidth: 1.5, color: INK },
        encoding: { x: across, x2: { field: 'x2' }, y: pixels('y') },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.5, color: INK },
        encoding: { x: { ...across, field: 'x2' }, y: pixels('from'), y2: { field: 'to' } },
      },
      {
        mark: { type: 'point', filled: true, size: 56, color: INK, opacity: 1 },
        encoding: { x: across, y: pixels('y') },
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', color: MUTED },
        encoding: { x: { value: 0 }, y: pixels('top'), text: { field: 'text' } },
      },
    ],
  }
}

function row({ noise, deviation, nights, alarms, upper }: FalseAlarms, index: number, frame: Frame) {
  const series = deviation === undefined ? noise : `s_D ${formatShare(deviation)}, ${noise}`
  const y = index * ROW + 22
  return {
    series,
    say: `${series}: ${alarms} of ${nights} nights, at most ${formatShare(upper)}`,
    text: shorten(series, Math.floor((frame.width - 24) / LETTER)),
    x: alarms / nights,
    x2: upper,
    y,
    top: y - 13,
    from: y - 4,
    to: y + 4,
  }
}

function promise(goal: number, across: ReturnType<typeof quantitative<object>>, height: number): Layer[] {
  const data = { values: [{ x: goal }] }
  return [
    {
      data,
      mark: { type: 'rule', color: 'var(--alarm)', strokeDash: [4, 3] },
      encoding: { x: across, y: { value: -4 }, y2: { value: height } },
    },
    {
      data,
      mark: {
        type: 'text',
        color: 'var(--alarm)',
        baseline: 'bottom',
        align: 'right',
        dx: 4,
        text: `promised: at most ${formatShare(goal)}`,
      },
      encoding: { x: across, y: { value: -8 } },
    },
  ]
}
