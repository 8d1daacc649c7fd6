import type { TopLevelSpec } from 'vega-lite'
import { goalWords, rateInterval, shortRate } from '../../analyse/capacity/capacity-words.ts'
import type { CapacityOfLoad, CapacityTrial, Estimate } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import { formatLatency, formatShare } from '../../model/units.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { Chart } from '../chart.ts'
import type { View } from '../data/view.ts'
import { formatLevel } from '../format.ts'
import { type Axis, linearAxis, logAxis, place } from './axes.ts'
import { framed, INK, LATENCY_TICK, type Layer, PAPER, quantitative, SHARE_TICK, verticalTitle } from './config.ts'
import { type Frame, plotHeight } from './frame.ts'
import { endLabels, roomForLabels } from './labels.ts'

/** What is drawn over the offered rate. */
type Shown = 'p99' | 'errors'

/** The trials of an arm, its line through them, and its knee. */
interface Curve {
  readonly style: ArmStyle
  readonly trials: readonly Required<CapacityTrial>[]
  readonly line: readonly { readonly rate: number; readonly value: number }[]
  readonly knee: Estimate | undefined
}

/** p99 and the share of failed requests against the offered rate: every trial of every search, and the knee of each arm. */
export function capacityCharts(view: View, { name }: Load): Chart[] {
  const one = view.data.capacities?.find(({ load }) => load === name)
  return one ? [capacityChart(view, one, 'p99'), capacityChart(view, one, 'errors')] : []
}

function capacityChart(view: View, one: CapacityOfLoad, shown: Shown): Chart {
  const index = view.loads.findIndex(({ name }) => name === one.load)
  const curves = curvesOf(view, one, shown)
  const drawn = curves.filter(({ trials }) => trials.length > 0)
  const rows = curves.flatMap(({ style }) =>
    one.searches
      .filter(({ arm }) => arm === style.name)
      .flatMap(({ block, trials }) =>
        trials.map((trial) => [
          style.name,
          block,
          trial.rate,
          trial.duration,
          trial.p99,
          trial.errors,
          trial.answered,
          trial.cores,
          trial.finding,
        ]),
      ),
  )
  return {
    id: `capacity-${shown}-${index}`,
    title: shown === 'p99' ? 'p99 by offered rate' : 'Failed and unsent requests by offered rate',
    sentence: shown === 'p99' ? kneeSentence(curves, one) : errorSentence(curves, one),
    drawing:
      drawn.length > 0
        ? (frame) => spec(drawn, one, shown, frame)
        : { reason: 'No chart: no search has a usable trial.' },
    columns: [
      { name: 'Arm' },
      { name: 'Block', unit: 'dimensionless' },
      { name: 'Offered', unit: 'per-second' },
      { name: 'Window', unit: 'seconds' },
      { name: 'p99', unit: 'seconds' },
      { name: 'Failed or unsent', unit: 'share' },
      { name: 'Answered', unit: 'per-second' },
      { name: 'Mesh cores', unit: 'cores' },
      { name: 'Finding' },
    ],
    rows,
  }
}

function curvesOf(view: View, { load, goal, searches }: CapacityOfLoad, shown: Shown): Curve[] {
  return view.arms.map((style) => {
    const trials = searches
      .filter(({ arm }) => arm === style.name)
      .flatMap((search) => search.trials)
      .filter((trial) => trial[shown] !== undefined && trial.finding !== 'unusable')
      .map((trial) => trial as Required<CapacityTrial>)
    const knee = view.cell(style.name, load, 'capacity')?.estimate
    return { style, trials, line: lineThrough(trials, shown, goal.width), knee }
  })
}

/** Means of the trials whose rates are within four goal widths: geometric ones of p99, arithmetic ones of shares. */
function lineThrough(trials: Curve['trials'], shown: Shown, width: number): Curve['line'] {
  const step = 4 * Math.log1p(width)
  const bins = Map.groupBy(trials, ({ rate }) => Math.round(Math.log(rate) / step))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return [...bins.values()]
    .map((those) => ({
      rate: Math.exp(mean(those.map(({ rate }) => Math.log(rate)))),
      value:
        shown === 'p99'
          ? Math.exp(mean(those.map(({ p99 }) => Math.log(p99))))
          : mean(those.map(({ errors }) => errors)),
    }))
    .toSorted((a, b) => a.rate - b.rate)
}

function kneeSentence(curves: readonly Curve[], { goal }: CapacityOfLoad): string {
  const words = curves.map(({ style, knee }) => {
    if (!knee) return `${style.name} has no capacity`
    const interval = rateInterval(knee)
    return `${style.name} ${shortRate(knee.center)}${interval === undefined ? '' : ` (${interval})`}`
  })
  return `Highest rate with ${goalWords(goal)}: ${words.join(', ')}. Bands are the intervals.`
}

function errorSentence(curves: readonly Curve[], { goal }: CapacityOfLoad): string {
  const below = curves.flatMap(({ trials, knee }) => trials.filter(({ rate }) => knee && rate <= knee.center))
  const most = Math.max(0, ...below.map(({ errors }) => errors))
  return `At rates below the knees at most ${formatShare(Number(most.toPrecision(2)))} of the requests failed or were not sent; the goal allows ${formatShare(goal.errors)} to fail.`
}

function spec(curves: readonly Curve[], { goal }: CapacityOfLoad, shown: Shown, given: Frame): TopLevelSpec {
  const frame = roomForLabels(
    given,
    curves.map(({ style }) => style.name),
  )
  const trials = curves.flatMap((curve) => curve.trials)
  const rates = trials.map(({ rate }) => rate)
  const [least, most] = [Math.min(...rates), Math.max(...rates)]
  const x: Axis = { kind: 'log', domain: [least / 1.05, most * 1.05], ticks: rateTicks(least / 1.05, most * 1.05) }
  const y: Axis =
    shown === 'p99'
      ? logAxis([goal.p99, ...trials.map(({ p99 }) => p99)])
      : linearAxis([goal.errors, ...trials.map(({ errors }) => errors)])
  const positions = {
    x: quantitative('x', x, {
      title: 'Offered rate, requests per second (log scale)',
      titlePadding: 10,
      format: ',~r',
      labelOverlap: 'greedy' as const,
    }),
    y: quantitative('y', y, {
      labelExpr: shown === 'p99' ? LATENCY_TICK : SHARE_TICK,
      title: shown === 'p99' ? 'p99 (log scale)' : 'Share of the planned requests',
      ...verticalTitle(frame),
    }),
  }
  const ends = curves.map(({ style, line }) => ({
    text: style.name,
    color: style.color,
    y: (1 - place(y, line.at(-1)?.value ?? y.domain[0])) * plotHeight(frame),
  }))
  return {
    ...framed(frame),
    data: { values: [] },
    layer: [
      bands(curves, positions, y),
      goalLine(goal, shown, positions, x),
      lines(curves, positions),
      points(curves, shown, positions),
      ...endLabels(ends, frame),
    ],
  }
}

/** Round rates, of which the axis leaves out those whose labels have no room. */
function rateTicks(least: number, most: number): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power++) {
    for (const step of [1, 1.5, 2, 3, 4, 5, 7]) ticks.push(step * 10 ** power)
  }
  return ticks.filter((tick) => tick >= least && tick <= most)
}

/** The interval of each knee, as high as the plot. */
function bands(curves: readonly Curve[], positions: { readonly x: object; readonly y: object }, y: Axis): Layer {
  const values = curves.flatMap(({ style, knee }) => {
    if (!knee) return []
    const { center, lo = center, hi = center } = knee
    const say = `${style.name}: capacity ${shortRate(center)}${rateInterval(knee) ? ` (${rateInterval(knee)})` : ''}`
    return [{ series: style.name, say, color: style.color, x: lo, x2: hi, y: y.domain[0], y2: y.domain[1] }]
  })
  return {
    data: { values },
    mark: { type: 'rect', opacity: 0.14 },
    encoding: { ...positions, x2: { field: 'x2' }, y2: { field: 'y2' }, fill: { field: 'color', scale: null } },
  }
}

function goalLine(
  { p99, errors }: CapacityOfLoad['goal'],
  shown: Shown,
  positions: { readonly x: object; readonly y: object },
  { domain }: Axis,
): Layer {
  const value = shown === 'p99' ? p99 : errors
  const say = `the goal: ${shown === 'p99' ? formatLatency(p99) : formatShare(errors)} at most`
  return {
    data: { values: [{ say, x: domain[0], x2: domain[1], y: value }] },
    mark: { type: 'rule', strokeWidth: 1.5, strokeDash: [5, 3], opacity: 0.7 },
    encoding: { ...positions, x2: { field: 'x2' }, stroke: { value: INK } },
  }
}

function lines(curves: readonly Curve[], positions: object): Layer {
  const values = curves.flatMap(({ style: { name, color, dash }, line }) =>
    line.map(({ rate, value }) => ({ series: name, color, dash, x: rate, y: value })),
  )
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round', opacity: 0.8 },
    encoding: {
      ...positions,
      detail: { field: 'series' },
      stroke: { field: 'color', scale: null },
      strokeDash: { field: 'dash', scale: null },
    },
  }
}

/** One mark for each trial, hollow where it missed the goal. */
function points(curves: readonly Curve[], shown: Shown, positions: object): Layer {
  const values = curves.flatMap(({ style: { name, color, shape }, trials }) =>
    trials.map((trial) => {
      const isUnder = trial.finding === 'under'
      const figures = `p99 ${formatLevel('seconds', trial.p99)}, ${formatShare(Number(trial.errors.toPrecision(2)))} failed or not sent`
      const say = `${name} at ${shortRate(trial.rate)}: ${figures}${isUnder ? '' : ', missed the goal'}`
      return { series: name, say, color, shape, fill: isUnder ? color : PAPER, x: trial.rate, y: trial[shown] }
    }),
  )
  return {
    data: { values },
    mark: { type: 'point', filled: true, size: 36, strokeWidth: 1.2, opacity: 0.9 },
    encoding: {
      ...positions,
      stroke: { field: 'color', scale: null },
      fill: { field: 'fill', scale: null },
      shape: { field: 'shape', scale: null },
    },
  }
}
