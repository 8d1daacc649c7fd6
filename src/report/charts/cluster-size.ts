import type { TopLevelSpec } from 'vega-lite'
import {
  type ClusterSize,
  type Crossing,
  countsOf,
  crossingsOf,
  demandOf,
  FEWEST_PODS,
  MOST_PODS,
  meanOfSamples,
  type Resource,
} from '../../analyse/cost-model.ts'
import type { CostSample, Estimate } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatNumber } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatInterval, formatLevel } from '../format.ts'
import { type Axis, logAxis, place } from './axes.ts'
import { CORES_TICK, framed, INK, type Layer, PAPER, quantitative, SIZE_TICK, verticalTitle } from './config.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'
import { callouts, endLabels, roomForLabels } from './labels.ts'

/** What the mesh of an arm needs, by size of the cluster. */
interface Line {
  readonly style: ArmStyle
  readonly points: readonly { readonly pods: number; readonly need: Estimate }[]
}

/** What the table and the axis name. */
const SIZES = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

/** Cores or memory of each arm's mesh against the number of pods, with where two arms cross: the cost model drawn. */
export function clusterSizeChart(view: View, load: Load, resource: Resource): Chart {
  const lines = linesOf(view, load, resource)
  const crossings = crossingsIn(view, load, resource)
  const unit = resource === 'cores' ? 'cores' : 'bytes'
  const isDrawn = lines.some(({ points }) => points.some(({ need }) => need.center > 0))
  return {
    id: `cluster-size-${resource}-${view.loads.indexOf(load)}`,
    title: `${resource === 'cores' ? 'Cores' : 'Memory'} of the mesh by size of the cluster, ${load.name}`,
    sentence: isDrawn ? sentenceOf(crossings, view.clusterSize) : '',
    drawing: isDrawn
      ? (frame) => drawing(lines, crossings, resource, frame)
      : { reason: 'No chart: no valid trial of an arm with a mesh has an idle window.' },
    columns: [
      { name: 'Arm' },
      { name: 'Crosses' },
      { name: 'Pods', unit: 'dimensionless' },
      { name: 'Pods, from', unit: 'dimensionless' },
      { name: 'Pods, to', unit: 'dimensionless' },
      { name: resource === 'cores' ? 'Cores' : 'Memory', unit },
      { name: 'From', unit },
      { name: 'To', unit },
    ],
    rows: [
      ...lines.flatMap(({ style, points }) =>
        points
          .filter(({ pods }) => SIZES.includes(pods))
          .map(({ pods, need: { center, lo, hi } }) => [
            style.name,
            undefined,
            pods,
            undefined,
            undefined,
            center,
            lo,
            hi,
          ]),
      ),
      ...crossings.flatMap(({ less, more, pods, lo, hi, at }) =>
        pods === undefined ? [] : [[less, more, pods, lo, hi, at, undefined, undefined]],
      ),
    ],
  }
}

/** Of the arms that are shown and have a mesh. */
export function samplesIn(
  view: View,
  load: Load,
): { readonly style: ArmStyle; readonly samples: readonly CostSample[] }[] {
  return view.arms.flatMap((style) => {
    const samples = view.data.costs.filter((one) => one.arm === style.name && one.load === load.name)
    return samples.length === 0 ? [] : [{ style, samples }]
  })
}

/** A crossing, and what both arms need there. */
export type CrossingAt = Crossing & { readonly at?: number }

/** Every two arms that are shown. */
export function crossingsIn(view: View, load: Load, resource: Resource): CrossingAt[] {
  const { provisioned } = view.data.run
  const known = samplesIn(view, load)
  return known.flatMap(({ samples: one }, index) =>
    known.slice(index + 1).flatMap(({ samples: other }) =>
      crossingsOf({ one, other }, view.clusterSize, resource, provisioned).map((crossing) => {
        const { pods } = crossing
        const at =
          pods === undefined ? undefined : needOf(one, { ...view.clusterSize, pods }, resource, provisioned)?.center
        return { ...crossing, ...(at !== undefined && { at }) }
      }),
    ),
  )
}

function needOf(
  samples: readonly CostSample[],
  clusterSize: ClusterSize,
  resource: Resource,
  provisioned: boolean,
): Estimate | undefined {
  return meanOfSamples(samples, (sample) => demandOf(sample, clusterSize)[resource], provisioned)
}

function linesOf(view: View, load: Load, resource: Resource): Line[] {
  const { podsPerNode, podsPerNamespace } = view.clusterSize
  const between = Array.from({ length: 40 }, (_, step) => FEWEST_PODS * (MOST_PODS / FEWEST_PODS) ** (step / 39))
  const inside = [podsPerNode, podsPerNamespace].filter((pods) => pods > FEWEST_PODS && pods < MOST_PODS)
  const sizes = [...new Set([...SIZES, ...inside, ...between])].sort((a, b) => a - b)
  return samplesIn(view, load).map(({ style, samples }) => ({
    style,
    points: sizes.flatMap((pods) => {
      const need = needOf(samples, { ...view.clusterSize, pods }, resource, view.data.run.provisioned)
      return need ? [{ pods, need }] : []
    }),
  }))
}

/** "37 pods (29 to 48)" */
export function podsText({ pods = Number.NaN, lo, hi }: CrossingAt): string {
  const interval = formatInterval(
    { center: pods, n: 0, ...(lo !== undefined && { lo }), ...(hi !== undefined && { hi }) },
    (value) => formatNumber(value, 2),
  )
  return `${formatNumber(pods, 2)} pods${interval ? ` (${interval})` : ''}`
}

function sentenceOf(crossings: readonly CrossingAt[], clusterSize: ClusterSize): string {
  const decided = crossings.filter(({ decided, pods }) => decided && pods !== undefined)
  const words = decided.map((one) => `${one.less} needs less than ${one.more} below ${podsText(one)}, and more above`)
  const { node } = countsOf({ ...clusterSize, pods: MOST_PODS })
  const range = `from ${FEWEST_PODS} to ${formatNumber(MOST_PODS)} pods on up to ${formatNumber(node)} nodes`
  return words.length === 0 ? `No crossing of two arms is decided ${range}.` : `${list(words)}, ${range}.`
}

function drawing(
  lines: readonly Line[],
  crossings: readonly CrossingAt[],
  resource: Resource,
  given: Frame,
): TopLevelSpec {
  const frame = roomForLabels(
    given,
    lines.map(({ style }) => style.name),
  )
  const drawn = lines.map(({ style, points }) => ({ style, points: points.filter(({ need }) => need.center > 0) }))
  const x: Axis = { kind: 'log', domain: [FEWEST_PODS, MOST_PODS], ticks: SIZES }
  const needs = drawn.flatMap(({ points }) => points.map(({ need }) => need.center))
  const y = resource === 'bytes' ? sizeAxis(needs) : logAxis(needs)
  const positions = {
    x: quantitative('x', x, {
      title: 'Pods (log scale)',
      titlePadding: 10,
      format: ',~r',
      labelOverlap: 'greedy' as const,
    }),
    y: quantitative('y', y, {
      labelExpr: resource === 'bytes' ? SIZE_TICK : CORES_TICK,
      title: `${resource === 'cores' ? 'Cores' : 'Memory'} of the mesh (log scale)`,
      ...verticalTitle(frame),
    }),
  }
  const inside = (value: number) => Math.min(Math.max(value, y.domain[0]), y.domain[1])
  const unit = resource === 'cores' ? 'cores' : 'bytes'
  const rows = drawn.flatMap(({ style: { name, color, dash }, points }) =>
    points.map(({ pods, need }) => {
      const interval = formatInterval(need, (value) => formatLevel(unit, value))
      const say = `${name}, ${formatNumber(pods)} pods: ${formatLevel(unit, need.center)}${interval ? ` (${interval})` : ''}`
      const { center, lo = center, hi = center } = need
      return { series: name, say, color, dash, x: pods, y: center, lo: inside(lo), hi: inside(hi) }
    }),
  )
  const stroke = { stroke: { field: 'color', scale: null } } as const
  return {
    ...framed(frame),
    data: { values: rows },
    layer: [
      {
        mark: { type: 'area', opacity: 0.14 },
        encoding: {
          ...positions,
          y: { ...positions.y, field: 'lo' },
          y2: { field: 'hi' },
          detail: { field: 'series' },
          fill: { field: 'color', scale: null },
        },
      },
      {
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
        encoding: { ...positions, ...stroke, detail: { field: 'series' }, strokeDash: { field: 'dash', scale: null } },
      },
      // Marks to point at and to walk along, without a look of their own.
      ...(frame.live
        ? [{ mark: { type: 'point' as const, size: 90, opacity: 0, filled: true, color: INK }, encoding: positions }]
        : []),
      ...marks(crossings, { x, y, positions, frame, lines: drawn }),
      ...endLabels(
        drawn.map(({ style, points }) => ({
          text: style.name,
          color: style.color,
          y: (1 - place(y, inside(points.at(-1)?.need.center ?? 0))) * plotHeight(frame),
        })),
        frame,
      ),
    ],
  }
}

/** Ticks that are round in MiB and GiB. */
function sizeAxis(sizes: readonly number[]): Axis {
  const round = [2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40].flatMap((unit) => [1, 10, 100].map((step) => step * unit))
  const from = round.findLast((tick) => tick <= Math.min(...sizes)) ?? 2 ** 10
  const to = round.find((tick) => tick >= Math.max(...sizes) && tick > from) ?? 2 ** 50
  return { kind: 'log', domain: [from, to], ticks: round.filter((tick) => tick >= from && tick <= to) }
}

interface Places {
  readonly x: Axis
  readonly y: Axis
  readonly positions: object
  readonly frame: Frame
  readonly lines: readonly Line[]
}

/** Where two arms cross: a dot where that is decided, a ring where it is not, and the number of pods beside it. */
function marks(crossings: readonly CrossingAt[], { x, y, positions, frame, lines }: Places): Layer[] {
  const found = crossings.flatMap((one) => {
    const { pods, at, less, more, decided } = one
    if (pods === undefined || at === undefined || at < y.domain[0] || at > y.domain[1]) return []
    const say = `${less} and ${more} cross at ${podsText(one)}${decided ? '' : ', not decided'}`
    return [
      { series: `${less} = ${more}`, say, x: pods, y: at, fill: decided ? INK : PAPER, text: formatNumber(pods, 2) },
    ]
  })
  const at = (pods: number, need: number) => ({
    x: place(x, pods) * plotWidth(frame),
    y: (1 - place(y, need)) * plotHeight(frame),
  })
  return [
    {
      data: { values: found },
      mark: { type: 'point', size: 70, filled: true, stroke: INK, strokeWidth: 1.5, opacity: 1 },
      encoding: { ...positions, fill: { field: 'fill', scale: null } },
    },
    ...callouts(
      found.map((one) => ({ ...at(one.x, one.y), text: `${one.text} pods`, color: INK })),
      lines.map(({ points }) => points.map(({ pods, need }) => at(pods, need.center))),
      frame,
    ),
  ]
}
