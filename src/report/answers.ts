import { count, quantileName } from '../analyse/wording.ts'
import type { Cell, Estimate, MetricInfo, RankGroup } from '../model/analysis.ts'
import type { Load, Protocol } from '../model/scenario.ts'
import { formatNumber, formatSize, type Seconds } from '../model/units.ts'
import { formatAmount, formatLevel, formatRatio, formatRatioInterval } from './figures.ts'
import { latencyMetric, type View } from './view.ts'
import { listed, strung, type Words } from './words.ts'

/** What a mesh must stay under to be chosen by its price: what most interactive services can give away. */
export const BUDGET: Seconds = 0.01

/** What each arm costs against the baseline in one metric, in one sentence. The standings are the analysis's own. */
export function costAnswer(view: View, load: Load, metric: MetricInfo, opening: 'with load' | 'bare' = 'bare'): Words {
  const base = view.cell(view.baseline.name, load.name, metric.name)?.estimate
  const from = { arm: view.baseline.name }
  if (!base) return [`${capital(nounOf(metric))}: `, from, ' has no valid trial, so nothing can be compared with it.']
  const { moved, still, open, silent } = sorted(view, load, metric)
  const level = formatLevel(metric.unit, base.center)
  const parts = strung([
    movedWords(moved, metric),
    still.length === 0 ? [] : [...arms(still), ' cannot be told from ', from],
    open.length === 0 ? [] : [...arms(open), open.length === 1 ? ' is undecided' : ' are undecided', neededWords(open)],
    silent.length === 0
      ? []
      : [...listed(silent.map((arm) => [{ arm }])), ` ${silent.length === 1 ? 'has' : 'have'} no valid data`],
  ])
  const noun = opening === 'bare' ? capital(nounOf(metric)) : `${whereWords(load)}, ${nounOf(metric)}`
  const known: Words = [`${noun} is ${level} with `, from]
  return parts.length === 0 ? [...known, '; there is no other arm to compare.'] : [...known, ': ', ...parts, '.']
}

function arms(cells: readonly Cell[]): Words {
  return listed(cells.map(({ arm }) => [{ arm }]))
}

/** " (about 23 blocks in all would tell)" */
function neededWords(open: readonly Cell[]): string {
  const blocks = Math.max(...open.map(({ needed }) => needed?.blocks ?? Number.POSITIVE_INFINITY))
  return Number.isFinite(blocks) ? ` (about ${count(blocks, 'block')} in all would tell)` : ''
}

interface Sorted {
  readonly moved: readonly Cell[]
  readonly still: readonly Cell[]
  readonly open: readonly Cell[]
  readonly silent: readonly string[]
}

function sorted(view: View, load: Load, metric: MetricInfo): Sorted {
  const others = view.data.arms.filter(({ role }) => role === 'other')
  const cells = others.flatMap(({ name }) => {
    const cell = view.cell(name, load.name, metric.name)
    return cell && (cell.ratio || cell.difference) ? [cell] : []
  })
  const byCost = cells.toSorted((a, b) => shift(a) - shift(b))
  const having = (...standings: Cell['standing'][]) => byCost.filter(({ standing }) => standings.includes(standing))
  return {
    moved: having('higher', 'lower'),
    still: having('within-noise'),
    open: having('undecided'),
    silent: others.map(({ name }) => name).filter((name) => !cells.some(({ arm }) => arm === name)),
  }
}

function shift({ difference, ratio }: Cell): number {
  return difference?.center ?? ratio?.center ?? 0
}

/** "linkerd adds 0.9 ms, istio-sidecar 2.1 ms (×2.4)"; those that take something off come first. */
function movedWords(moved: readonly Cell[], metric: MetricInfo): Words {
  const more = moved.filter(({ standing }) => standing === 'higher')
  const less = moved.filter(({ standing }) => standing === 'lower')
  return strung([verbWords(less, metric, 'takes off'), verbWords(more, metric, 'adds')])
}

function verbWords(cells: readonly Cell[], metric: MetricInfo, verb: string): Words {
  if (cells.length === 0) return []
  return listed(
    cells.map((cell, index) => [{ arm: cell.arm }, `${index === 0 ? ` ${verb}` : ''} ${amountWords(cell, metric)}`]),
  )
}

/** Blocks of very different levels can have a ratio above 1 and a difference below 0: then no amount is stated. */
function amountWords({ standing, ratio, difference }: Cell, { unit }: MetricInfo): string {
  const agrees = difference && difference.center > 0 === (standing === 'higher')
  const amount = agrees ? formatAmount(unit, difference.center) : ''
  const change = ratio ? formatRatio(ratio.center) : ''
  return amount && change ? `${amount} (${change})` : amount || change
}

/** The metric as the subject of a sentence. */
function nounOf({ unit, title, quantile }: MetricInfo): string {
  if (unit === 'cpu-seconds-per-million') return title
  return quantile === undefined ? title : quantileName(quantile)
}

function whereWords(load: Load): string {
  return load.rate === 'max' ? `Under ${load.name}` : `At ${rateWords(load)}`
}

/** Names of percentiles stay as they are. */
function capital(text: string): string {
  return /^p\d/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** Who is first by a metric, and whether that is more than chance. */
export interface Winner {
  /** One, or several that cannot be told apart; empty where nobody can be first. */
  readonly arms: readonly string[]
  readonly level?: string
  /** Whether the lead over all others is a real difference; absent where there is no other. */
  readonly real?: boolean
  readonly why: Words
}

export function fastest(view: View, load: Load): Winner {
  const metric = view.metric(latencyMetric(view, load, 'p99'))
  if (!metric) return { arms: [], why: ['No latency was measured.'] }
  const level = (arm: string) => {
    const center = view.cell(arm, load.name, metric.name)?.estimate?.center
    return center === undefined ? undefined : formatLevel(metric.unit, center)
  }
  return winner({ groups: view.ranking(load.name, metric.name)?.groups ?? [], level }, () => true)
}

/** The first of those that fit. `groups`: best first; `level`: what a mean is called. */
export function winner(
  { groups, level }: { readonly groups: readonly RankGroup[]; level(arm: string): string | undefined },
  fits: (arm: string) => boolean,
): Winner {
  const [first, second] = groups
    .map((group) => ({ ...group, fitting: group.arms.filter(fits) }))
    .filter(({ fitting }) => fitting.length > 0)
  if (!first) return { arms: [], why: ['None does for sure.'] }
  const best = level(first.fitting[0] ?? '')
  const common = { arms: first.fitting, ...(best !== undefined && { level: best }) }
  if (first.fitting.length > 1) {
    const others = listed(first.fitting.slice(1).map((arm) => [{ arm }]))
    return {
      ...common,
      real: false,
      why: [{ arm: first.fitting[0] ?? '' }, ' has the lowest mean, but cannot be told from ', ...others, '.'],
    }
  }
  if (!second) return { ...common, why: ['No other does for sure.'] }
  const apart = second.behind?.ratio && isNext(groups, first, second) ? leadWords(second.behind.ratio) : ''
  return {
    ...common,
    real: true,
    why: ['The next, ', { arm: second.fitting[0] ?? '' }, `, is a real step behind${apart}.`],
  }
}

/** What a group lies behind is the best of the one before it: it says something here only if nobody was left out between. */
function isNext(
  groups: readonly RankGroup[],
  first: { arms: readonly string[] },
  second: { arms: readonly string[] },
): boolean {
  const place = groups.findIndex(({ arms }) => arms[0] === second.arms[0])
  return groups[place - 1]?.arms[0] === first.arms[0]
}

function leadWords(ratio: Estimate): string {
  const interval = formatRatioInterval(ratio)
  return `: it takes ${formatRatio(ratio.center)}${interval ? ` (${interval})` : ''}`
}

const PROTOCOL_WORDS: Readonly<Record<Protocol, string>> = {
  http: 'HTTP/1.1',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  tcp: 'TCP',
}

/** "1,000 requests/s over HTTP/1.1, 16 connections, 1 KiB payload". */
export function loadWords(load: Load): string {
  const payload = load.payload > 0 ? `, ${formatSize(load.payload)} payload` : ''
  return `${rateWords(load)} over ${PROTOCOL_WORDS[load.protocol]}, ${count(load.connections, 'connection')}${payload}`
}

export function rateWords({ rate }: Load): string {
  return rate === 'max' ? 'As fast as answers come' : `${formatNumber(rate, 6)} requests/s`
}
