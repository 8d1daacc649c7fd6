import type { TopLevelSpec } from 'vega-lite'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { formatNumber, formatShare } from '../../model/units.ts'
import type { Chart } from '../chart.ts'
import rates from '../error-rates.json' with { type: 'json' }
import { type Axis, linearAxis } from './axes.ts'
import { framed, INK, type Layer, MUTED, PAPER, quantitative, SHARE_TICK, verticalTitle } from './config.ts'
import { type Frame, plotHeight } from './frame.ts'
import { shorten } from './labels.ts'
import { pixels } from './traced.ts'

/** Results of the simulations of `npm run prove`, as in docs/prove.json. */
interface ErrorRates {
  /** Cells of a simulated run. */
  readonly cells: number
  /** Limit of the share of runs with a false alarm. */
  readonly goal: number
  readonly falseAlarms: readonly FalseAlarms[]
  readonly power: readonly Power[]
}

/** The error rates of meshbench: missed regressions and false alarms. They are the same on every page. */
export function errorRateCharts(given: ErrorRates = rates): Chart[] {
  return [powerChart(given.power), falseAlarmChart(given)]
}

function powerChart(power: readonly Power[]): Chart {
  return {
    id: 'error-rates-power',
    title: 'Detected increases of p99',
    sentence: powerSentence(power),
    drawing: power.length > 0 ? (frame) => powerSpec(power, frame) : { reason: 'No chart: nothing was simulated.' },
    columns: [
      { name: 's_D', unit: 'share' },
      { name: 'Increase', unit: 'share' },
      { name: 'Runs', unit: 'dimensionless' },
      { name: 'Found', unit: 'share' },
    ],
    rows: power.map(({ deviation, increase, nights, found }) => [deviation, increase, nights, found / nights]),
  }
}

/** "An increase of 10 % is found in 100 % of simulated runs where s_D is 3 %, 99.6 % where it is 6 % …" */
function powerSentence(power: readonly Power[]): string {
  const increases = [...new Set(power.map(({ increase }) => increase))]
  const told = increases.includes(0.1) ? 0.1 : increases.at(-1)
  const parts = power
    .filter(({ increase }) => increase === told)
    .map(({ deviation, nights, found }, index) =>
      index === 0
        ? `in ${share(found / nights)} of simulated runs where s_D is ${share(deviation)}`
        : `in ${share(found / nights)} where it is ${share(deviation)}`,
    )
  if (told === undefined || parts.length === 0) return ''
  return `An increase of ${share(told)} is found ${parts.join(', ')}. s_D is the standard deviation of the log-ratio of two arms in one block.`
}

function falseAlarmChart({ falseAlarms, goal, cells }: ErrorRates): Chart {
  const nights = falseAlarms.reduce((sum, one) => sum + one.nights, 0)
  const alarms = falseAlarms.reduce((sum, one) => sum + one.alarms, 0)
  const most = Math.max(0, ...falseAlarms.map(({ upper }) => upper))
  return {
    id: 'error-rates-false-alarms',
    title: 'False alarms without a difference',
    sentence: `In ${formatNumber(nights, 9)} simulated runs of ${cells} cells without a difference, there were ${formatNumber(alarms, 9)} false alarms; in the worst setting at most ${share(most)} of runs have one, and the limit is ${share(goal)}.`,
    drawing:
      falseAlarms.length > 0
        ? (frame) => falseAlarmsSpec(falseAlarms, goal, frame)
        : { reason: 'No chart: nothing was simulated.' },
    columns: [
      { name: 'Noise' },
      { name: 's_D', unit: 'share' },
      { name: 'Runs', unit: 'dimensionless' },
      { name: 'With a false alarm', unit: 'dimensionless' },
      { name: 'Share', unit: 'share' },
      { name: `One-sided ${LEVEL_TEXT} bound`, unit: 'share' },
    ],
    rows: falseAlarms.map(({ noise, deviation, nights: of, alarms: raised, upper }) => [
      noise,
      deviation,
      of,
      raised,
      raised / of,
      upper,
    ]),
  }
}

/** A number and its sign stay on one line. */
function share(value: number): string {
  return formatShare(value).replace(' ', '\u{A0}')
}

/** Simulated runs without any difference. */
interface FalseAlarms {
  readonly noise: string
  readonly deviation?: number
  readonly nights: number
  readonly alarms: number
  /** One-sided bound of the share of runs. */
  readonly upper: number
}

const ROW = 34
const LETTER = 6.3

/** The share of runs with a false alarm, up to its bound, and the limit. */
function falseAlarmsSpec(settings: readonly FalseAlarms[], goal: number, given: Frame): TopLevelSpec {
  const frame = { ...given, top: 26, left: 8, right: 24, height: 26 + settings.length * ROW + given.bottom }
  const x = linearAxis([goal * 1.1, ...settings.map(({ upper }) => upper)], 0.01, 5)
  const across = quantitative('x', x, { labelExpr: SHARE_TICK, title: 'Runs with a false alarm', titlePadding: 10 })
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
    say: `${series}: ${alarms} of ${nights} runs, at most ${formatShare(upper)}`,
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
        text: `limit: ${formatShare(goal)}`,
      },
      encoding: { x: across, y: { value: -8 } },
    },
  ]
}

/** Simulated runs in which p99 of one load is worse. */
interface Power {
  readonly deviation: number
  readonly increase: number
  readonly nights: number
  /** Runs in which the gate found a regression. */
  readonly found: number
}

/** Not arms, so not in their colours. */
const STYLES = [
  { color: 'var(--role-node-proxy)', dash: [1, 0], shape: 'circle' },
  { color: 'var(--role-client-proxy)', dash: [7, 3], shape: 'square' },
  { color: 'var(--role-waypoint)', dash: [2, 2], shape: 'triangle-up' },
  { color: 'var(--role-cni)', dash: [9, 3, 2, 3], shape: 'diamond' },
] as const
const HALF = 0.5

/** The share of runs that find an increase, by its size: one line for each scatter. */
function powerSpec(power: readonly Power[], given: Frame): TopLevelSpec {
  const frame = { ...given, right: 22 }
  const y: Axis = { kind: 'linear', domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] }
  const increases = [...new Set(power.map(({ increase }) => increase))]
  const ticks = [0, ...increases.filter((one) => one >= 0.05)]
  const x: Axis = { kind: 'linear', domain: [0, Math.max(...increases)], ticks }
  const positions = {
    x: quantitative('x', x, {
      labelExpr: SHARE_TICK,
      title: 'Injected increase of p99',
      titlePadding: 10,
      grid: false,
    }),
    y: quantitative('y', y, { labelExpr: SHARE_TICK, title: 'Runs that find it', ...verticalTitle(frame) }),
  }
  const lines = linesOf(power)
  const fill = { field: 'color', scale: null } as const
  const values = lines.flatMap(({ deviation, points, color, dash, shape }) =>
    points.map((point) => ({ ...told(deviation, point), color, dash, shape })),
  )
  return {
    ...framed(frame),
    data: { values },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
        encoding: {
          ...positions,
          detail: { field: 'series' },
          stroke: fill,
          strokeDash: { field: 'dash', scale: null },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 56, stroke: PAPER, strokeWidth: 1.2, opacity: 1 },
        encoding: { ...positions, fill, shape: { field: 'shape', scale: null } },
      },
      ...names(lines, positions),
    ],
  }
}

function linesOf(power: readonly Power[]) {
  const groups = [...Map.groupBy(power, ({ deviation }) => deviation)]
  return groups.map(([deviation, points], index) => {
    return { deviation, points, ...(STYLES[index % STYLES.length] ?? STYLES[0]) }
  })
}

function told(deviation: number, { increase, nights, found }: Power) {
  const series = `s_D ${formatShare(deviation)}`
  const say = `${series}, an increase of ${formatShare(increase)}: found in ${formatShare(found / nights)} of ${nights} runs`
  return { series, say, x: increase, y: found / nights }
}

/** Beside the place where a line crosses one half, the first on its left: there lines are farthest apart. */
function names(
  styled: readonly { readonly deviation: number; readonly points: readonly Power[]; readonly color: string }[],
  positions: object,
) {
  return styled.map(({ deviation, points, color }, index) => {
    const isFirst = index === 0 && styled.length > 1
    return {
      data: { values: [{ x: crossing(points), y: HALF }] },
      mark: {
        type: 'text',
        align: isFirst ? 'right' : 'left',
        baseline: 'middle',
        dx: isFirst ? -9 : 9,
        dy: isFirst ? -14 : 14,
        color,
        text: `s_D ${formatShare(deviation)}`,
      },
      encoding: positions,
    } as const
  })
}

function crossing(points: readonly Power[]): number {
  const shares = points.map(({ increase, found, nights }) => ({ x: increase, y: found / nights }))
  const index = shares.findIndex(({ y }) => y >= HALF)
  const [before, after] = [shares[index - 1], shares[index]]
  if (!before || !after) return (after ?? shares.at(-1))?.x ?? 0
  return before.x + ((HALF - before.y) / (after.y - before.y)) * (after.x - before.x)
}
