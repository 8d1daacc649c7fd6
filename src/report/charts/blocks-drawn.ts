import type { TopLevelSpec } from 'vega-lite'
import type { ArmStyle } from '../arm-styles.ts'
import { formatLevel } from '../figures.ts'
import { type Axis, place, scaledAxis } from './axes.ts'
import type { BlockGroup } from './block-groups.ts'
import { framed, LATENCY_TICK, MUTED, quantitative, verticalTitle } from './config.ts'
import { endLabels, roomForLabels } from './end-labels.ts'
import { type Frame, isNarrow, plotHeight, plotWidth } from './frame.ts'
import type { Layer } from './layer.ts'
import { dots, pixels } from './traced.ts'

export interface BlockRow {
  readonly style: ArmStyle
  /** By the place of the group. */
  readonly at: readonly { readonly place: number; readonly value: number }[]
}

export interface BlocksOf {
  readonly rows: readonly BlockRow[]
  readonly groups: readonly BlockGroup[]
  readonly scale: 'log' | 'linear'
  readonly title: string
}

/** A thin line with a mark for each trial: the order is what is looked at. */
export function blocksSpec(about: BlocksOf, given: Frame): TopLevelSpec {
  const { rows, groups, scale, title } = about
  const frame = {
    ...roomForLabels(
      given,
      rows.map(({ style }) => style.name),
    ),
    top: given.top + 10,
  }
  const y = scaledAxis(
    scale,
    rows.flatMap(({ at }) => at.map(({ value }) => value)),
  )
  const x: Axis = { kind: 'linear', domain: [-0.5, groups.length - 0.5], ticks: ticksOf(groups, frame) }
  const across = (at: number) => place(x, at) * plotWidth(frame)
  const down = (value: number) => (1 - place(y, value)) * plotHeight(frame)
  const names = JSON.stringify(groups.map(({ name }) => name))
  return {
    ...framed(frame),
    layer: [
      {
        data: {
          values: rows.flatMap(({ style, at }) => at.map((one) => ({ ...line(style), x: one.place, y: one.value }))),
        },
        mark: { type: 'line', strokeWidth: 1, opacity: 0.55, strokeJoin: 'round' },
        encoding: {
          x: quantitative('x', x, {
            title: 'Block, in the order of the run',
            titlePadding: 10,
            grid: false,
            labelExpr: `${names}[datum.value]`,
          }),
          y: quantitative('y', y, {
            labelExpr: LATENCY_TICK,
            title: `${title}${scale === 'log' ? ' (log scale)' : ''}`,
            ...verticalTitle(frame),
            titleY: -24,
          }),
          detail: { field: 'arm' },
          stroke: { field: 'color', scale: null },
          strokeDash: { field: 'dash', scale: null },
        },
      },
      ...cohorts(groups, across, frame),
      dots(
        rows.flatMap(({ style, at }) =>
          at.map((one) => ({
            x: across(one.place),
            y: down(one.value),
            series: style.name,
            say: `${style.name}, block ${groups[one.place]?.name}: ${formatLevel('seconds', one.value)}`,
            color: style.color,
            shape: style.shape,
          })),
        ),
        groups.length > 24 || isNarrow(frame) ? 2.6 : 3.4,
        frame,
      ),
      ...endLabels(
        rows.map(({ style, at }) => ({
          text: style.name,
          color: style.color,
          y: down(at.at(-1)?.value ?? y.domain[0]),
        })),
        frame,
      ),
    ],
  }
}

function line({ name, color, dash }: ArmStyle) {
  return { arm: name, color, dash }
}

function ticksOf(groups: readonly BlockGroup[], frame: Frame): number[] {
  const longest = Math.max(...groups.map(({ name }) => name.length))
  const step = Math.ceil((groups.length * (longest * 7 + 8)) / plotWidth(frame))
  return [...groups.keys()].filter((index) => index % step === 0)
}

/** Where everything was provisioned anew. */
function cohorts(groups: readonly BlockGroup[], across: (at: number) => number, frame: Frame): Layer[] {
  const starts = groups.flatMap(({ cohort }, index) =>
    groups[index - 1]?.cohort === cohort ? [] : [{ cohort, index }],
  )
  if (starts.length < 2) return []
  const room = plotWidth(frame) / starts.length
  const values = starts.map(({ cohort, index }) => ({
    x: across(index - 0.5),
    at: across(index - 0.5) + 4,
    text: room > 64 ? `cohort ${cohort}` : String(cohort),
  }))
  return [
    {
      data: { values: values.slice(1) },
      mark: { type: 'rule', color: MUTED, strokeDash: [3, 3] },
      encoding: { x: pixels('x'), y: { value: -6 }, y2: { value: plotHeight(frame) } },
    },
    {
      data: { values },
      mark: { type: 'text', align: 'left', baseline: 'bottom', color: MUTED },
      encoding: { x: pixels('at'), y: { value: -1 }, text: { field: 'text' } },
    },
  ]
}
