import type { Costs, Plan } from '../model/plan.ts'
import type { Load } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'
import { type Budget, bestDesign } from '../stats/allocation.ts'
import { reach } from '../stats/interval.ts'
import { type Detectable, lentPairs, precisionOf } from './detectable.ts'
import { estimate, idleOf } from './estimate.ts'

/** How the wall clock of a plan gives the narrowest interval of one load and metric. */
export interface DesignAdvice {
  readonly load: string
  readonly metric: string
  /** Wall clock of the plan, and of the advice at most. */
  readonly seconds: Seconds
  readonly cohorts: number
  /** Of each cohort. */
  readonly blocks: number
  readonly window: Seconds
  /** Half of the 95 % interval that is to be expected, as a ratio ≥ 1; `planned`: of the plan as it is. */
  readonly half: number
  readonly planned: number
}

/** Windows many times as long as planned are another experiment. */
const LONGEST = 10

/**
 * How many cohorts, blocks and seconds of window give the smallest interval in the time that the plan takes. Windows are
 * never shorter than planned, since the scatter was not seen with shorter ones. Where cohorts are clusters only: elsewhere
 * blocks are the replicates, and there is nothing to divide. Undefined where the plan has no interval itself.
 */
export function adviseDesign(plan: Plan, costs: Costs, subject: Detectable): DesignAdvice | undefined {
  const { scenario, cohorts } = plan
  const load = scenario.loads.find(({ name }) => name === subject.load)
  if (!load || (scenario.platform !== 'kind' && scenario.platform !== 'cluster')) return undefined
  const { seconds } = estimate(plan, costs)
  const pairs = lentPairs(scenario)
  const budget = budgetOf(plan, costs, subject, load)
  const best = withPairs({ ...budget, seconds }, cohorts.length, pairs)
  const planned = halfOf({ ...subject, cohorts: cohorts.length, pairs })
  if (!best || planned === undefined) return undefined
  const deviation = Math.sqrt(budget.deviation.block ** 2 + budget.deviation.window ** 2 / best.window)
  const half = halfOf({ ...subject, deviation, cohorts: best.cohorts, blocks: best.cohorts * best.blocks, pairs })
  if (half === undefined) return undefined
  const { load: name, metric } = subject
  return { load: name, metric, seconds, cohorts: best.cohorts, blocks: best.blocks, window: best.window, half, planned }
}

/** Every cohort has its A/A pairs, so that what they lend depends on the answer: asked again until both agree. */
function withPairs(budget: Budget, cohorts: number, pairs: number) {
  let best = bestDesign({ ...budget, freedom: pairs * cohorts })
  for (let step = 0; best && pairs > 0 && step < 5; step++) {
    const next = bestDesign({ ...budget, freedom: pairs * best.cohorts })
    if (next?.cohorts === best.cohorts) return next
    best = next
  }
  return best
}

function halfOf(design: Parameters<typeof precisionOf>[0]): number | undefined {
  const precision = precisionOf(design)
  return precision && Math.exp(reach(precision.freedom) * precision.error)
}

function budgetOf({ scenario }: Plan, costs: Costs, subject: Detectable, load: Load): Omit<Budget, 'seconds'> {
  const arms = scenario.arms.length
  const warmups = scenario.loads.reduce((sum, { warmup }) => sum + costs.trial + warmup, 0)
  const others = scenario.loads.reduce((sum, one) => (one === load ? sum : sum + one.duration), 0)
  // What two windows of one second miss by, of which longer ones miss less; the rest of the scatter is the blocks' own.
  const window = Math.min(
    Math.SQRT2 * samplingError(subject.metric, load),
    subject.deviation * Math.sqrt(load.duration),
  )
  const block = Math.sqrt(Math.max(0, subject.deviation ** 2 - window ** 2 / load.duration))
  return {
    cost: {
      cohort: costs.cohort,
      block: arms * (costs.visit + idleOf(scenario, costs) + warmups + others),
      window: arms,
    },
    deviation: { cohort: subject.between, block, window },
    window: { least: load.duration, most: LONGEST * load.duration },
  }
}

/**
 * Of a quantile of one second's requests, as a logarithm, were they exponential: √(q/((1 − q) n)) / −ln(1 − q). None for
 * other metrics, and without a rate.
 */
function samplingError(metric: string, { rate }: Load): number {
  const q = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 }[metric]
  if (q === undefined || rate === 'max') return 0
  return Math.sqrt(q / ((1 - q) * rate)) / -Math.log(1 - q)
}
