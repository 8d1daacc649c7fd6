import { list } from '../analyse/wording.ts'
import type { Cell, MetricInfo } from '../model/analysis.ts'
import type { Load, Protocol } from '../model/scenario.ts'
import { formatNumber, formatSize } from '../model/units.ts'
import type { ArmStyle } from './arm-styles.ts'
import { formatAmount, formatInterval, formatLevel, formatRatio } from './figures.ts'
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
export function costSentence(view: View, load: Load, metric: MetricInfo): string {
  const base = view.cell(view.baseline.name, load.name, metric.name)?.estimate
  if (!base)
    return `${metricWords(metric)}: ${view.baseline.name} has no valid trial, so nothing can be compared with it.`
  const { moved, still, open, silent } = sorted(view, load, metric)
  const sentences = [
    moved.length > 0 &&
      `${metricWords(metric)} is ${list(moved.map((one) => movement(one, metric)))} than with ${view.baseline.name} (${formatLevel(metric.unit, base.center)}).`,
    still.length > 0 &&
      `${list(still.map(({ style }) => style.name))} cannot be told from ${view.baseline.name}: the difference is within the noise of this run.`,
    open.length > 0 && `${list(open.map((one) => undecided(one)))}: not decided by this many blocks.`,
    silent.length > 0 && `${list(silent.map(({ name }) => name))}: no valid data to compare.`,
  ]
  return sentences.filter((sentence) => sentence !== false).join(' ')
}

function sorted(view: View, load: Load, metric: MetricInfo): Sorted {
  const others = view.arms.filter(({ role }) => role === 'other')
  const against = others.flatMap((style) => {
    const cell = view.cell(style.name, load.name, metric.name)
    return cell && (cell.ratio || cell.difference) ? [{ style, cell }] : []
  })
  const byCost = [...against].sort((a, b) => shift(a.cell) - shift(b.cell))
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

function movement({ style, cell: { standing, ratio, difference } }: Against, metric: MetricInfo): string {
  const direction = standing === 'higher' ? 'higher' : 'lower'
  const change = ratio ? ` (${formatRatio(ratio.center)})` : ''
  // Blocks of very different levels can have a ratio above 1 and a difference below 0: then no amount is stated.
  const agrees = difference && difference.center > 0 === (standing === 'higher')
  const amount = agrees ? `${formatAmount(metric.unit, difference.center)} ` : ''
  return `${amount}${direction} with ${style.name}${change}`
}

function undecided({ style, cell }: Against): string {
  const interval = cell.ratio && formatInterval(cell.ratio, formatRatio)
  return interval ? `${style.name} (${interval})` : style.name
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
  const noun = load.connections === 1 ? 'connection' : 'connections'
  return `${rate} over ${PROTOCOL_WORDS[load.protocol]}, ${load.connections} ${noun}${payload}`
}
