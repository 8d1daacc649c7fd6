import type { Cell, MetricInfo, RankGroup } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { BLOCKS_TO_DECIDE } from '../../model/plan.ts'
import { quantileName, TAIL } from '../../model/quantiles.ts'
import type { Load, Protocol } from '../../model/scenario.ts'
import { formatNumber, formatSize, type Seconds } from '../../model/units.ts'
import { capital, connectionWords, count } from '../../model/words.ts'
import {
  formatAmount,
  formatBetween,
  formatDifference,
  formatInterval,
  formatLevel,
  formatRatio,
  formatRatioInterval,
  listed,
  strung,
  type Words,
} from '../format.ts'
import { latencyMetric, type View } from './view.ts'

/** The p99 budget for the cheapest mesh, which most interactive services can afford. */
export const BUDGET: Seconds = 0.01

/**
 * One sentence on what each arm costs against the baseline in one metric: decided differences first, then arms without a
 * relevant difference, then those too noisy to say. Standings, levels, ratios and differences come from the analysis.
 */
export function costAnswer(view: View, load: Load, metric: MetricInfo, opening: 'with load' | 'bare' = 'bare'): Words {
  const base = view.cell(view.baseline.name, load.name, metric.name)
  const from = { arm: view.baseline.name }
  if (!base?.estimate) {
    return [
      `${capital(nounOf(metric))}: `,
      from,
      ` ${absence(view, view.baseline.name, load)}, so nothing can be compared with it.`,
    ]
  }
  const { moved, still, noise, open, silent } = sorted(view, load, metric)
  const parts = strung([
    movedWords(moved, metric),
    still.length === 0
      ? []
      : [...rangesWords(still, metric), ` ${still.length === 1 ? 'shows' : 'show'} no relevant difference`],
    noise.length === 0
      ? []
      : [...rangesWords(noise, metric), ` ${noise.length === 1 ? 'differs' : 'differ'} by no more than equal arms do`],
    openWords(open, metric),
    ...silent.map((arm): Words => [{ arm }, ` ${absence(view, arm, load)}`]),
  ])
  const noun = opening === 'bare' ? capital(nounOf(metric)) : `${whereWords(load)}, ${nounOf(metric)}`
  const known: Words = [
    `${noun} is ${formatLevel(metric.unit, base.estimate.center)} with `,
    from,
    ` (${base.mean ?? 'geometric'} mean, ${count(base.estimate.n, 'trial')})`,
  ]
  return parts.length === 0 ? [...known, '; there is no other arm to compare.'] : [...known, ': ', ...parts, '.']
}

/** Whether any difference in a metric is decided; such metrics come first on the page. */
export function isDecided(view: View, load: Load, metric: MetricInfo): boolean {
  return sorted(view, load, metric).moved.length > 0
}

/** Why an arm on the page has no comparison. */
function absence({ data, state }: View, arm: string, load: Load): string {
  const own = data.trials.filter((trial) => trial.arm === arm && trial.load === load.name)
  const valid = own.filter(({ status, id }) => status === 'valid' && !state.excluded.includes(id))
  if (valid.length === 0) return 'has no valid trial'
  return `has ${count(valid.length, 'valid trial')}, but none with this metric in a block with the baseline`
}

/** "b (−1.2 to +4.3 %) and c (+0.1 %)" */
function rangesWords(cells: readonly Cell[], metric: MetricInfo): Words {
  return listed(cells.map((cell) => [{ arm: cell.arm }, ` (${rangeText(cell, metric)})`]))
}

function rangeText({ ratio, difference }: Cell, { unit }: MetricInfo): string {
  const signed = (value: number) => formatDifference(unit, value)
  const interval = ratio ? formatRatioInterval(ratio) : difference && formatInterval(difference, signed)
  return interval ?? (ratio ? formatRatio(ratio.center) : signed(difference?.center ?? Number.NaN))
}

/** "too noisy to say for b (between ×0.90 and ×41.0) and c (between −3 % and +12 %); about 23 blocks in all would be enough" */
function openWords(open: readonly Cell[], metric: MetricInfo): Words {
  const [few, noisy] = [open.filter(isFew), open.filter((cell) => !isFew(cell))]
  const blocks = Math.max(...noisy.map(({ needed }) => needed?.blocks ?? Number.POSITIVE_INFINITY))
  const telling = Number.isFinite(blocks) ? `; about ${count(blocks, 'block')} in all would be enough` : ''
  return strung([
    noisy.length === 0
      ? []
      : [
          'too noisy to say for ',
          ...listed(noisy.map((cell) => [{ arm: cell.arm }, ` (between ${betweenText(cell, metric)})`])),
          telling,
        ],
    few.length === 0
      ? []
      : [
          'too few blocks to say for ',
          ...listed(
            few.map((cell) => [
              { arm: cell.arm },
              ` (${(cell.ratio ?? cell.difference)?.n ?? 0} of at least ${BLOCKS_TO_DECIDE})`,
            ]),
          ),
        ],
  ])
}

function isFew({ ratio, difference }: Cell): boolean {
  return ((ratio ?? difference)?.n ?? 0) < BLOCKS_TO_DECIDE
}

function betweenText({ ratio, difference }: Cell, { unit }: MetricInfo): string {
  if (ratio?.lo !== undefined && ratio.hi !== undefined) return formatBetween(ratio.lo, ratio.hi)
  const signed = (value: number) => formatDifference(unit, value)
  return `${signed(difference?.lo ?? Number.NaN)} and ${signed(difference?.hi ?? Number.NaN)}`
}

interface Sorted {
  readonly moved: readonly Cell[]
  readonly still: readonly Cell[]
  readonly noise: readonly Cell[]
  readonly open: readonly Cell[]
  readonly silent: readonly string[]
}

function sorted(view: View, load: Load, metric: MetricInfo): Sorted {
  const others = view.data.arms.filter(({ role }) => role === 'other')
  const cells = others.flatMap(({ name }) => {
    const cell = view.cell(name, load.name, metric.name)
    return cell?.difference ? [cell] : []
  })
  const byCost = cells.toSorted((a, b) => shift(a) - shift(b))
  const having = (...standings: Cell['standing'][]) => byCost.filter(({ standing }) => standings.includes(standing))
  return {
    moved: having('higher', 'lower'),
    still: having('no-difference'),
    noise: having('within-noise'),
    open: having('undecided'),
    silent: others.map(({ name }) => name).filter((name) => !cells.some(({ arm }) => arm === name)),
  }
}

function shift({ difference }: Cell): number {
  return difference?.center ?? 0
}

/** "linkerd adds 0.9 ms (+48 %), istio-sidecar 2.1 ms (×2.40)"; those that take something off come first. */
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

function amountWords({ ratio, difference }: Cell, { unit }: MetricInfo): string {
  const amount = formatAmount(unit, difference?.center ?? Number.NaN)
  return ratio ? `${amount} (${formatRatio(ratio.center)})` : amount
}

/** The metric as the subject of a sentence. */
function nounOf({ unit, title, quantile }: MetricInfo): string {
  if (unit === 'cpu-seconds-per-million') return title
  return quantile === undefined ? title : quantileName(quantile)
}

function whereWords(load: Load): string {
  return load.rate === 'max' ? `Under ${load.name}` : `At ${rateWords(load)}`
}

/** The best arm by a metric, and whether its lead is decided. */
export interface Winner {
  /** One arm, or several without a decided difference; empty where no arm qualifies. */
  readonly arms: readonly string[]
  readonly level?: string
  /** Whether the lead over all others is a real difference; absent where there is no other. */
  readonly real?: boolean
  readonly why: Words
}

export function fastest(view: View, load: Load): Winner {
  const metric = view.metric(latencyMetric(view, load, TAIL))
  if (!metric) return { arms: [], why: ['No latency was measured.'] }
  const level = (arm: string) => {
    const center = view.cell(arm, load.name, metric.name)?.estimate?.center
    return center === undefined ? undefined : formatLevel(metric.unit, center)
  }
  return winner({ groups: view.ranking(load.name, metric.name)?.groups ?? [], level }, () => true)
}

/** The best arm that fits. `groups`: best first; `level`: formats the mean of an arm. */
export function winner(
  { groups, level }: { readonly groups: readonly RankGroup[]; level(arm: string): string | undefined },
  fits: (arm: string) => boolean,
): Winner {
  const [first, second] = groups
    .map((group) => ({ ...group, fitting: group.arms.filter(fits) }))
    .filter(({ fitting }) => fitting.length > 0)
  if (!first)
    return { arms: [], why: [groups.length === 0 ? 'No arm has a valid figure.' : 'No arm meets this limit.'] }
  const best = level(first.fitting[0] ?? '')
  const common = { arms: first.fitting, ...(best !== undefined && { level: best }) }
  if (first.fitting.length > 1) {
    const [lowest, ...others] = first.fitting.map((arm): Words => [{ arm }])
    return {
      ...common,
      real: false,
      why: [...(lowest ?? []), ' has the lowest mean; the difference to ', ...listed(others), ' is not decided.'],
    }
  }
  if (!second) return { ...common, why: ['There is no other arm to compare it with.'] }
  const next = level(second.fitting[0] ?? '')
  const interval =
    second.behind?.ratio && isNext(groups, first, second) ? formatRatioInterval(second.behind.ratio) : undefined
  return {
    ...common,
    real: true,
    why: [
      { arm: second.fitting[0] ?? '' },
      ` is next${next === undefined ? '' : ` with ${next}`}${interval === undefined ? '' : ` (${interval}, ${LEVEL_TEXT} interval)`}.`,
    ],
  }
}

/** Whether `second` follows `first` directly. `behind` compares a group with the one before it, so no group may be missing between. */
function isNext(
  groups: readonly RankGroup[],
  first: { arms: readonly string[] },
  second: { arms: readonly string[] },
): boolean {
  const place = groups.findIndex(({ arms }) => arms[0] === second.arms[0])
  return groups[place - 1]?.arms[0] === first.arms[0]
}

const PROTOCOL_WORDS: Readonly<Record<Protocol, string>> = {
  http: 'HTTP/1.1',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  tcp: 'TCP',
}

/** "1,000 requests/s over HTTP/1.1, 16 connections, 1 KiB payload". */
export function loadWords(load: Load): string {
  if (load.script !== undefined) {
    const how =
      load.shape === undefined
        ? `${iterationWords(load)}, ${count(load.connections, 'virtual user')}${fromWords(load)}`
        : 'the shape of its own options'
    return `${load.script} with ${how}`
  }
  if (load.request) {
    const { method, path } = load.request
    return `${rateWords(load)} (${method} ${path}) over ${PROTOCOL_WORDS[load.protocol]}, ${connectionWords(load)}`
  }
  const payload = load.payload > 0 ? `, ${formatSize(load.payload)} payload` : ''
  return `${rateWords(load)} over ${PROTOCOL_WORDS[load.protocol]}, ${connectionWords(load)}${payload}`
}

function fromWords({ generators = 1 }: Load): string {
  return generators === 1 ? '' : ` from ${count(generators, 'load generator')}`
}

function iterationWords({ rate }: Load): string {
  return rate === 'max' ? 'iterations without a pause' : `${formatNumber(rate, 6)} iterations/s`
}

function rateWords({ rate }: Load): string {
  return rate === 'max' ? 'As fast as answers come' : `${formatNumber(rate, 6)} requests/s`
}
