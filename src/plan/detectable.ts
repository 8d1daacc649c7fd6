import type { Plan } from '../model/plan.ts'
import { studentQuantile } from '../stats/student.ts'

/** How much a metric scatters between blocks: standard deviation of the paired log-ratio of two arms. */
export interface Deviation {
  readonly metric: string
  /** Absent: it stands for every load. */
  readonly load?: string
  readonly deviation: number
  /** Where it comes from, for the reader: "history: 12 blocks of standard", "assumed: …". */
  readonly source: string
}

/** Seen in the lab on two shared cores, 8 s windows at 500/s, pods made anew for every visit. */
const SOURCE = 'assumed: as seen on two shared cores'
export const assumedDeviations: readonly Deviation[] = [
  { metric: 'p50', deviation: 0.09, source: SOURCE },
  { metric: 'p99', deviation: 0.46, source: SOURCE },
  { metric: 'cpu', deviation: 0.05, source: SOURCE },
]

/** Error rates of a claim. `alpha` is one tail: 0.025 is the two-sided 5 % that every interval here has. */
export interface ErrorRates {
  /** Chance of calling a difference in one direction where there is none. */
  readonly alpha: number
  /** Chance of missing a difference that is there. */
  readonly beta: number
}

export const errorRates: ErrorRates = { alpha: 0.025, beta: 0.05 }

/** What a plan can tell from nothing for one load and metric. */
export interface Detectable extends ErrorRates {
  readonly load: string
  readonly metric: string
  readonly deviation: number
  readonly source: string
  readonly blocks: number
  /** The smallest ratio to the baseline that is found; absent below two blocks, which find nothing. */
  readonly ratio?: number
  /** Blocks in total that would find +5 % and +10 %. */
  readonly blocksFor: { readonly fivePercent: number; readonly tenPercent: number }
}

/**
 * The smallest difference of each load and metric that the plan's blocks can find. A deviation that names the load goes
 * before one that does not, and any before the assumed.
 */
export function detectable(plan: Plan, deviations: readonly Deviation[] = []): Detectable[] {
  const blocks = plan.cohorts.reduce((total, cohort) => total + cohort.blocks.length, 0)
  const known = [...deviations.filter(({ deviation }) => Number.isFinite(deviation)), ...assumedDeviations]
  const metrics = [...new Set(known.map(({ metric }) => metric))]
  return plan.scenario.loads.flatMap(({ name: load }) =>
    metrics.flatMap((metric) => {
      const fitting = known.filter((one) => one.metric === metric && (one.load ?? load) === load)
      const best = fitting.find((one) => one.load === load) ?? fitting[0]
      return best ? [found(best, load, blocks)] : []
    }),
  )
}

function found({ metric, deviation, source }: Deviation, load: string, blocks: number): Detectable {
  const ratio = blocks < 2 ? {} : { ratio: 1 + smallestEffect(deviation, blocks) }
  const blocksFor = { fivePercent: blocksToFind(0.05, deviation), tenPercent: blocksToFind(0.1, deviation) }
  return { load, metric, deviation, source, blocks, ...ratio, blocksFor, ...errorRates }
}

/** exp((t(1−α, R−1) + t(1−β, R−1)) · s_D / √R) − 1: the relative difference that R blocks find. R is at least 2. */
export function smallestEffect(deviation: number, blocks: number, rates = errorRates): number {
  const quantiles = studentQuantile(1 - rates.alpha, blocks - 1) + studentQuantile(1 - rates.beta, blocks - 1)
  return Math.expm1((quantiles * deviation) / Math.sqrt(blocks))
}

/** The fewest blocks that find a relative difference: bisection, as more blocks always find less. */
export function blocksToFind(effect: number, deviation: number, rates = errorRates): number {
  const suffices = (blocks: number) => smallestEffect(deviation, blocks, rates) <= effect
  let high = 2
  while (!suffices(high)) high *= 2
  let low = high / 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (suffices(middle)) high = middle
    else low = middle
  }
  return high
}
