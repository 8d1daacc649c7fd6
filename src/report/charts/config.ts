import type { Config, TopLevelSpec } from 'vega-lite'
import type { Axis } from './axes.ts'
import { type Frame, plotHeight, plotWidth } from './frame.ts'

/** The page's own colours: charts follow the theme because they name its variables. */
export const INK = 'var(--ink)'
export const MUTED = 'var(--muted)'
export const PAPER = 'var(--paper)'

/** One look for every chart: hairline grid, no frame, titles above the axis and level. */
const config: Config = {
  background: 'transparent',
  font: 'inherit',
  view: { stroke: null },
  aria: false,
  axis: {
    domain: false,
    ticks: false,
    gridColor: 'var(--line)',
    labelColor: MUTED,
    labelFontSize: 12,
    labelPadding: 6,
    labelFlush: false,
    labelSeparation: 6,
    labelLimit: 1000,
    titleColor: MUTED,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titleLimit: 1000,
  },
  text: { fontSize: 12, fill: INK },
}

/** What every chart shares; its margins are the frame's. */
export function framed(frame: Frame) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    autosize: 'none',
    padding: { top: frame.top, right: frame.right, bottom: frame.bottom, left: frame.left },
    width: plotWidth(frame),
    height: plotHeight(frame),
    config,
  } as const satisfies Partial<TopLevelSpec>
}

/** A channel on an axis whose domain and ticks are ours. */
export function quantitative<Options extends object>(field: string, { kind, domain, ticks }: Axis, options: Options) {
  return {
    field,
    type: 'quantitative' as const,
    scale: { type: kind, domain: [...domain], nice: false },
    axis: { values: [...ticks], ...options },
  }
}

/**
 * In a browser: dragging moves, the wheel with Ctrl or Command zooms (without, it scrolls the page), a double click resets.
 * For the layer whose scales they are.
 */
export function zoomable({ live }: Frame) {
  if (!live) return {}
  const select = { type: 'interval', zoom: 'wheel![event.ctrlKey || event.metaKey]' } as const
  return { params: [{ name: 'zoom', select, bind: 'scales' as const }] }
}

/** The vertical axis carries its title level, above its labels. */
export function verticalTitle(frame: Frame) {
  return {
    titleAngle: 0,
    titleAlign: 'left',
    titleAnchor: 'end',
    titleBaseline: 'bottom',
    titleX: 8 - frame.left,
    titleY: -14,
  } as const
}

/** Vega expressions that write a tick in the unit a reader expects. */
export const LATENCY_TICK =
  "datum.value == 0 ? '0' : datum.value < 0.0009995 ? format(datum.value * 1e6, '.6~g') + ' µs' : datum.value < 0.9995 ? format(datum.value * 1e3, '.6~g') + ' ms' : format(datum.value, '.6~g') + ' s'"
export const SIZE_TICK =
  "datum.value == 0 ? '0' : datum.value >= 1099511627776 ? format(datum.value / 1099511627776, '.3~g') + ' TiB' : datum.value >= 1073741824 ? format(datum.value / 1073741824, '.3~g') + ' GiB' : format(datum.value / 1048576, '.6~g') + ' MiB'"
export const CORES_TICK =
  "datum.value == 0 ? '0' : datum.value < 0.09995 ? format(datum.value * 1000, '.3~g') + 'm' : format(datum.value, ',.3~r')"
export const RATIO_TICK =
  "datum.value >= 2 ? '×' + format(datum.value, '.3~r') : datum.value == 1 ? 'same' : format((datum.value - 1) * 100, '+.3~r') + ' %'"
/** For x = 1 / (1 − quantile). */
export const QUANTILE_TICK = "format(100 * (1 - 1 / datum.value), '.8~g')"
export const SHARE_TICK = "format(datum.value * 100, '.3~r') + ' %'"

/** One layer of a drawing. */
export type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number]
