import { fewCommonBlocks } from '../../compare/standing.ts'
import type { Cell, Clock, Estimate, MetricInfo, Ranking } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { count, STANDING_WORDS } from '../../model/words.ts'
import { type ArmStyle, swatch } from '../arm-styles.ts'
import { place } from '../charts/axes.ts'
import { rowId } from '../data/citation.ts'
import { clockOf, headlines, type View } from '../data/view.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../format.ts'
import { type Fragment, type Html, html } from '../html.ts'
import { type TableCell, table } from '../table.ts'

/** The table of arms × headline metrics. The browser renders it again when the reader changes the view. */
export function costTable(view: View, load: Load): Html {
  const metrics = headlines(view, load)
  const clock = clockOf(load, view.state)
  return table({
    id: `costs-${view.loads.indexOf(load)}`,
    kind: 'costs',
    caption: captionOf(view),
    head: [{ content: 'Arm' }, ...metrics.map((metric) => ({ content: heading(metric, clock), numeric: true }))],
    ids: view.arms.map(({ name }) => rowId(view, load, name)),
    rows: view.arms.map((style) => [
      armCell(view, style, load),
      ...metrics.map((metric) => ({
        ...costCell(view, style, load, metric),
        label: headingWords(metric, clock)[0],
      })),
    ]),
  })
}

function captionOf({ baseline, data }: View): Html {
  const ranks =
    data.unranked === undefined
      ? '1, 2=: rank among the arms; = marks arms without a decided difference. Without any decided difference there are no ranks.'
      : `Not ranked: ${data.unranked}.`
  return html`Geometric means over valid trials, with the ratio to ${baseline.name} and its ${LEVEL_TEXT} interval; arithmetic means and differences where ${baseline.name} has no values above 0. ${ranks}`
}

export function heading(metric: MetricInfo, clock: Clock): Html {
  const [name, unit] = headingWords(metric, clock)
  return html`${name}<small>${unit}</small>`
}

/** A metric and what it is counted in. */
export function headingWords(metric: MetricInfo, clock: Clock): readonly [string, string] {
  switch (metric.unit) {
    case 'cpu-seconds-per-million':
      return ['CPU of the mesh', 'seconds per million requests']
    case 'cores':
      return ['Idle CPU of the mesh', 'cores, without load']
    case 'bytes':
      return ['Memory of the mesh', 'at the end of the window']
    case 'per-second':
      return ['Throughput', 'requests per second']
    default:
      return [metric.quantile === undefined ? metric.title : quantileName(metric.quantile), `${clock} time`]
  }
}

function armCell(view: View, style: ArmStyle, load: Load): Html {
  const trials = view.data.trials.filter((trial) => trial.arm === style.name && trial.load === load.name)
  const valid = trials.filter(({ status, id }) => status === 'valid' && !view.state.excluded.includes(id)).length
  const lost = valid < trials.length && html`<small>${valid} of ${trials.length} trials valid</small>`
  return html`<span class="arm">${swatch(style)}<span>${style.name}</span></span><small>${style.title}${style.role === 'repeat' && ', repeated for the noise floor'}</small>${lost}`
}

function costCell(view: View, style: ArmStyle, load: Load, metric: MetricInfo): TableCell {
  const cell = view.cell(style.name, load.name, metric.name)
  if (!cell?.estimate) return { tone: 'faint', content: html`–<small>no valid figure</small>` }
  const rank = rankOf(view.ranking(load.name, metric.name), style.name)
  const chip = rank && html`<span class="rank${rank.best && ' best'}">${rank.text}</span>`
  const level = html`<span class="level">${chip}${formatLevel(metric.unit, cell.estimate.center)}</span>`
  const word = html`<small>${STANDING_WORDS[cell.standing]}</small>`
  if (cell.standing === 'baseline' || isNothing(cell)) return { content: html`${level}${word}` }
  const tone = toneOf(cell, metric)
  const comparison = against(view, load, metric, cell)
  const isCompared = (cell.ratio ?? cell.difference) !== undefined && fewCommonBlocks(cell) === undefined
  return { tone, content: html`${level}${comparison}${tone === 'faint' && isCompared && word}` }
}

/** Whether neither arm has a mesh, so that metrics of the mesh have nothing to compare. */
export function isNothing({ estimate, difference }: Cell): boolean {
  return estimate?.center === 0 && difference?.lo === 0 && difference.hi === 0
}

/** The colour of a cell: only decided differences have one. */
function toneOf({ standing }: Cell, { better }: MetricInfo): 'better' | 'worse' | 'faint' {
  if (standing !== 'higher' && standing !== 'lower') return 'faint'
  return standing === better ? 'better' : 'worse'
}

function against(view: View, load: Load, metric: MetricInfo, cell: Cell): Fragment {
  const few = fewCommonBlocks(cell)
  if (few !== undefined) return html`<small>${count(few, 'common block')}: too few</small>`
  if (!cell.ratio) {
    if (!cell.difference) return html`<small>no common block</small>`
    const interval = formatInterval(cell.difference, (value) => formatDifference(metric.unit, value))
    return html`<span class="change">${formatDifference(metric.unit, cell.difference.center)}</span>${interval && html`<small>${interval}</small>`}`
  }
  const ratios = view.arms.flatMap((arm) => view.cell(arm.name, load.name, metric.name)?.ratio ?? [])
  const interval = formatRatioInterval(cell.ratio)
  return html`<span class="change">${formatRatio(cell.ratio.center)}</span>${whisker(cell.ratio, whiskerScale(ratios), view.noise(load.name, metric.name))}<small>${interval ?? 'one block: no interval'}</small>`
}

const WIDTH = 104
const HEIGHT = 16

/** The common scale of one column: every ratio, its interval and 1, logarithmic, with a little room at the ends. */
export function whiskerScale(ratios: readonly Estimate[]): readonly [number, number] {
  const values = [1, ...ratios.flatMap(({ center, lo, hi }) => [center, lo ?? center, hi ?? center])].filter(
    (value) => value > 0 && Number.isFinite(value),
  )
  const room = Math.max(Math.max(...values) / Math.min(...values), 1.02) ** 0.06
  return [Math.min(...values) / room, Math.max(...values) * room]
}

/**
 * A ratio with its interval as a mark on the column's scale: a thin line at the baseline, a band for the noise of the A/A
 * pair. The style sheet has its colours, by the tone of the cell, since a page has a hundred of them.
 */
export function whisker(ratio: Estimate, domain: readonly [number, number], noise?: number): Html {
  const axis = { kind: 'log', domain, ticks: [] } as const
  const at = (value: number) => Number((Math.min(1, Math.max(0, place(axis, value))) * WIDTH).toFixed(1))
  const { center, lo = center, hi = center } = ratio
  return html`<svg class="whisker" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">${
    noise !== undefined &&
    html`<rect x="${at(1 / noise)}" width="${Math.max(1, at(noise) - at(1 / noise))}" height="${HEIGHT}"/>`
  }<path d="M0,8H${WIDTH}"/><path d="M${at(1)},0V${HEIGHT}"/><path d="M${at(lo)},8H${at(hi)}"/><circle cx="${at(center)}" cy="8" r="3.5"/></svg>`
}

interface Rank {
  /** "1", or "2=" where arms cannot be told apart. */
  readonly text: string
  readonly best: boolean
}

/**
 * An arm's rank in standard competition ranking (1, 2, 2, 4). Undefined for arms that are not ranked, and where no arm
 * differs from the best: then there is no order.
 */
function rankOf(ranking: Ranking | undefined, arm: string): Rank | undefined {
  const groups = ranking?.groups ?? []
  if (groups.length < 2) return undefined
  let before = 0
  for (const { arms } of groups) {
    if (arms.includes(arm)) return { text: `${before + 1}${arms.length > 1 ? '=' : ''}`, best: before === 0 }
    before += arms.length
  }
  return undefined
}
