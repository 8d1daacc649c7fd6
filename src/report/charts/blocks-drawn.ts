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

/** Where a value of a group stands, in pixels. */
interface Places {
  readonly x: Axis
  readonly y: Axis
  across(at: number): number
  down(value: number): number
}

/** A thin line with a mark for each trial: the order is what is looked at. */
export function blocksSpec(about: BlocksOf, given: Frame): TopLevelSpec {
  const names = about.rows.map(({ style }) => style.name)
  const frame = { ...roomForLabels(given, names), top: given.top + 10 }
  const places = placesOf(about, frame)
  const ends = about.rows.map(({ style: { name, color }, at }) => {
    return { text: name, color, y: places.down(at.at(-1)?.value ?? places.y.domain[0]) }
  })
  return {
    ...framed(frame),
    layer: [
      lines(about, places, frame),
      ...cohorts(about.groups, places.across, frame),
      marks(about, places, frame),
      ...endLabels(ends, frame),
    ],
  }
}

function placesOf({ rows, groups, scale }: BlocksOf, frame: Frame): Places {
  const values = rows.flatMap(({ at }) => at.map(({ value }) => value))
  const y = scaledAxis(scale, values)
  const x: Axis = { kind: 'linear', domain: [-0.5, groups.length - 0.5], ticks: ticksOf(groups, frame) }
  return {
    x,
    y,
    across: (at) => place(x, at) * plotWidth(frame),
    down: (value) => (1 - place(y, value)) * plotHeight(frame),
  }
}

function lines({ rows, groups, scale, title }: BlocksOf, { x, y }: Places, frame: Frame): Layer {
  const values = rows.flatMap(({ style: { name, color, dash }, at }) =>
    at.map((one) => ({ arm: name, color, dash, x: one.place, y: one.value })),
  )
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 1, opacity: 0.55, strokeJoin: 'round' },
    encoding: {
      x: quantitative('x', x, {
        title: 'Block, in the order of the run',
        titlePadding: 10,
        grid: false,
        labelExpr: `${JSON.stringify(groups.map(({ name }) => name))}[datum.value]`,
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
  }
}

function marks({ rows, groups }: BlocksOf, { across, down }: Places, frame: Frame): Layer {
  const all = rows.flatMap(({ style: { name, color, shape }, at }) =>
    at.map((one) => {
      const say = `${name}, block ${groups[one.place]?.name}: ${formatLevel('seconds', one.value)}`
      return { x: across(one.place), y: down(one.value), series: name, say, color, shape }
    }),
  )
  return dots(all, groups.length > 24 || isNarrow(frame) ? 2.6 : 3.4, frame)
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
