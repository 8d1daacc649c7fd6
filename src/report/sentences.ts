import { count } from '../analyse/wording.ts'
import type { Cell, MetricInfo } from '../model/analysis.ts'
import type { Load, Protocol } from '../model/scenario.ts'
import { formatNumber, formatSize } from '../model/units.ts'
import type { ArmStyle } from './arm-styles.ts'
import { formatAmount, formatLevel, formatRatio, formatRatioInterval } from './figures.ts'
import { type Fragment, type Html, html } from './html.ts'
import type { View } from './view.ts'

/** What can be said of the arms under one load and metric, by kind of statement. The standings are the analysis's own. */
interface Sorted {
  readonly moved: readonly Against[]
  readonly still: readonly Against[]
  readonly open: readonly Against[]
  readonly silent: readonly ArmStyle[]
}

interface Against {
  readonly style: ArmStyle
  readonly cell: Cell
}

/** One paragraph in plain words: what each arm costs against the baseline in one metric. */
export function costSentence(view: View, load: Load, metric: MetricInfo): Html {
  const what = metricWords(metric)
  const base = view.cell(view.baseline.name, load.name, metric.name)?.estimate
  if (!base) return html`${what}: ${nameOf(view.baseline)} has no valid trial, so nothing can be compared with it.`
  const level = formatLevel(metric.unit, base.center)
  const { moved, still, open, silent } = sorted(view, load, metric)
  const alone = moved.length + still.length + open.length + silent.length === 0
  const from = nameOf(view.baseline)
  return html`${
    moved.length > 0
      ? html`${what} is ${listed(moved.map((one) => movement(one, metric)))} than with ${from} (${level}). `
      : html`${what} is ${level} with ${from}${alone && '; there is no other arm to compare'}. `
  }${
    still.length > 0 &&
    html`${listed(still.map(({ style }) => nameOf(style)))} cannot be told from ${from}: the difference is within the noise of this run. `
  }${open.length > 0 && html`Undecided: ${listed(open.map(undecided))}. `}${
    silent.length > 0 && html`${listed(silent.map(nameOf))}: no valid data to compare.`
  }`
}

function sorted(view: View, load: Load, metric: MetricInfo): Sorted {
  const others = view.arms.filter(({ role }) => role === 'other')
  const against = others.flatMap((style) => {
    const cell = view.cell(style.name, load.name, metric.name)
    return cell && (cell.ratio || cell.difference) ? [{ style, cell }] : []
  })
  const byCost = against.toSorted((a, b) => shift(a.cell) - shift(b.cell))
  return {
    moved: byCost.filter(({ cell }) => cell.standing === 'higher' || cell.standing === 'lower'),
    still: byCost.filter(({ cell }) => cell.standing === 'within-noise'),
    open: byCost.filter(({ cell }) => cell.standing === 'undecided'),
    silent: others.filter((style) => !against.some((one) => one.style === style)),
  }
}

function shift(cell: Cell): number {
  return cell.difference?.center ?? cell.ratio?.center ?? 0
}

function movement({ style, cell: { standing, ratio, difference } }: Against, metric: MetricInfo): Html {
  // Blocks of very different levels can have a ratio above 1 and a difference below 0: then no amount is stated.
  const agrees = difference && difference.center > 0 === (standing === 'higher')
  const amount = agrees ? `${formatAmount(metric.unit, difference.center)} ` : ''
  const change = ratio ? ` (${formatRatio(ratio.center)})` : ''
  return html`${amount}${standing} with ${nameOf(style)}${change}`
}

function undecided({ style, cell: { ratio, estimate } }: Against): Html {
  const blocks = count(ratio?.n ?? estimate?.n ?? 0, 'block')
  const interval = ratio && formatRatioInterval(ratio)
  return html`${nameOf(style)} (${interval ? `${interval}, ` : ''}${blocks})`
}

function nameOf({ name }: ArmStyle): Html {
  return html`<b class="name">${name}</b>`
}

/** "a", "a and b", "a, b and c". */
function listed(items: readonly Fragment[]): Html {
  return html`${items.map((item, index) => [index > 0 && (index === items.length - 1 ? ' and ' : ', '), item])}`
}

/** The metric as the subject of a sentence. */
function metricWords(metric: MetricInfo): string {
  if (metric.unit === 'cpu-seconds-per-million') return 'CPU time per million requests'
  return metric.unit === 'bytes' ? 'Memory' : metric.title
}

const PROTOCOL_WORDS: Readonly<Record<Protocol, string>> = {
  http: 'HTTP/1.1',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  tcp: 'TCP',
}

/** "1,000 requests/s over HTTP/1.1, 16 connections, 1 KiB payload". */
export function loadWords(load: Load): string {
  const rate = load.rate === 'max' ? 'As fast as answers come' : `${formatNumber(load.rate, 6)} requests/s`
  const payload = load.payload > 0 ? `, ${formatSize(load.payload)} payload` : ''
  return `${rate} over ${PROTOCOL_WORDS[load.protocol]}, ${count(load.connections, 'connection')}${payload}`
}
