import type { Cell, Estimate } from '../model/analysis.ts'
import { BLOCKS_TO_DECIDE } from '../model/plan.ts'
import type { Arm } from '../model/scenario.ts'
import { type Cohorts, exponential, geometricInterval, meanInterval } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import {
  disagreeingRobustEstimate,
  type Equals,
  type Errors,
  type Known,
  overBlocks,
  pooledVarianceFor,
} from './estimate.ts'
import { byBlock, equalArms, isGeometric, logErrors, type Measures, measure, pairUp } from './pairs.ts'

/** An arm's values. `isEqual`: the arm is equal to the baseline (A/A). Without `arm`, no variance is pooled. */
export interface ArmValues {
  readonly arm?: Arm
  readonly isEqual: boolean
  readonly values: Cell['values']
}

/** An arm against the baseline, paired within blocks. */
export interface Against extends Measures {
  readonly robust?: Estimate
}

/** Compares every arm with the first; undefined for the first, and where no block has both. Either all arms have ratios or none. */
export function compareToBaseline(arms: readonly ArmValues[], provisioned: boolean): (Against | undefined)[] {
  const base = byBlock(arms[0]?.values ?? [])
  const geometric = isGeometric(arms.map(({ values }) => values))
  const paired = arms.map(({ values }, index) => (index === 0 ? undefined : pairUp(base, values, geometric)))
  const pairs = paired.flatMap((one, index) => (one && arms[index]?.isEqual ? [one] : []))
  const equal = equalArms(pairs, provisioned)
  const known = arms.flatMap(({ arm, values }): Known[] => (arm ? [{ arm, values }] : []))
  return paired.map((one, index) => {
    const own = arms[index]
    if (!one || !own) return undefined
    const pooled = own.arm && arms[0]?.arm ? pooledVarianceFor(arms[0].arm, own.arm, known) : {}
    const robust = one.logs && disagreeingRobustEstimate(one.logs.flat())
    return {
      ...measure(one, equal, own.isEqual ? { mean: overOwnBlocks } : { pooled }),
      ...(robust && { robust: exponential(robust) }),
    }
  })
}

/** For equal arms, the interval shows their difference in this run, so blocks are the replicates and not cohorts. */
function overOwnBlocks(cohorts: Cohorts, { provisioned }: Equals, errors?: Errors) {
  return overBlocks(cohorts, { pairs: [], provisioned }, errors)
}

type Figures = Pick<Cell, 'estimate' | 'mean' | 'ratio' | 'difference' | 'basis' | 'p' | 'robust'>

/**
 * The level of an arm and its comparison with the baseline. Level, ratio and difference are one estimate: the level is the
 * baseline's times the ratio, and the difference is the baseline's level times (ratio − 1). Without missing trials, the
 * level is the mean over the arm's trials. With missing trials, it is adjusted to the blocks of the baseline, so that an
 * arm does not look fast because it missed a slow block; not with fewer common blocks than a decision needs. Without a
 * ratio, the same holds for arithmetic means.
 */
export function figuresOfCell(
  values: Cell['values'],
  against: Against | undefined,
  { base, geometric }: { readonly base: Cell['values']; readonly geometric: boolean },
): Figures {
  const kind = geometric ? 'geometric' : 'arithmetic'
  const own = levelOf(values, geometric)
  if (!own) return {}
  const leading = against?.ratio ?? against?.difference
  const baseline = levelOf(base, geometric)?.center
  if (!leading || baseline === undefined) return { estimate: own, mean: kind }
  const ratio = against?.ratio?.estimate
  const difference = ratio ? differenceAt(baseline, ratio) : leading.estimate
  // One or two common blocks would move the level by chance, even beyond all of the arm's own trials.
  const isAdjusted = leading.estimate.n >= BLOCKS_TO_DECIDE
  return {
    estimate: isAdjusted ? at(baseline + difference.center, own, geometric) : own,
    mean: kind,
    ...(ratio && { ratio }),
    difference,
    basis: leading.basis,
    ...(leading.p !== undefined && { p: leading.p }),
    ...(against?.robust && { robust: against.robust }),
  }
}

/** Converts a ratio to a difference in the metric's unit, so that level + difference = level × ratio. */
export function differenceAt(level: number, ratio: Estimate): Estimate {
  return mapped(ratio, (one) => level * (one - 1))
}

function levelOf(values: Cell['values'], geometric: boolean): Estimate | undefined {
  const numbers = values.map(({ value }) => value)
  const level = geometric ? geometricInterval(numbers) : meanInterval(numbers)
  return level && values.some(({ error }) => error !== undefined) ? withLargestError(level, values, geometric) : level
}

/** A level whose values all may be wrong in the same direction, each by its largest error. */
function withLargestError(level: Estimate, values: Cell['values'], geometric: boolean): Estimate {
  const { center, lo, hi, n } = level
  if (lo === undefined || hi === undefined) return level
  if (!geometric) {
    const error = mean(values.map(({ error = 0 }) => error))
    return { center, lo: lo - error, hi: hi + error, n }
  }
  const moved = values.map(({ value, error = 0 }) => logErrors(value, error))
  const [down, up] = [mean(moved.map((one) => one.down)), mean(moved.map((one) => one.up))]
  return { center, lo: lo * Math.exp(-down), hi: hi * Math.exp(up), n }
}

/** Moves an interval to another center. */
function at(center: number, own: Estimate, geometric: boolean): Estimate {
  if (center === own.center) return own
  return mapped(own, geometric ? (one) => (one * center) / own.center : (one) => one + center - own.center)
}

/** Applies an increasing function to an estimate and the ends of its interval. */
function mapped({ center, lo, hi, n }: Estimate, change: (value: number) => number): Estimate {
  return {
    center: change(center),
    ...(lo !== undefined && { lo: change(lo) }),
    ...(hi !== undefined && { hi: change(hi) }),
    n,
  }
}
