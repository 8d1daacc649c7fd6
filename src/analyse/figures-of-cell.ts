import type { Cell, Estimate } from '../model/analysis.ts'
import { geometricInterval, meanInterval } from '../stats/interval.ts'
import type { Against } from './against-baseline.ts'

type Figures = Pick<Cell, 'estimate' | 'mean' | 'ratio' | 'difference' | 'basis' | 'p' | 'robust'>

/**
 * What an arm's trials say by themselves, and beside the baseline: of a run, and of what a reader makes of it. Level,
 * ratio and difference are one estimate: the level is the baseline's times the ratio, the difference the baseline's level
 * times (ratio − 1). Where no trial is missing, that level is the mean over the arm's own trials; where some are, it is
 * adjusted to the blocks of the baseline, so that an arm does not look fast because it missed a slow block. Without a
 * ratio the same holds for arithmetic means and their difference.
 */
export function figuresOfCell(
  values: Cell['values'],
  against: Against | undefined,
  { base, geometric }: { readonly base: Cell['values']; readonly geometric: boolean },
): Figures {
  const mean = geometric ? 'geometric' : 'arithmetic'
  const own = levelOf(values, geometric)
  if (!own) return {}
  const leading = against?.ratio ?? against?.difference
  const baseline = levelOf(base, geometric)?.center
  if (!leading || baseline === undefined) return { estimate: own, mean }
  const ratio = against?.ratio?.estimate
  const difference = ratio ? differenceAt(baseline, ratio) : leading.estimate
  return {
    estimate: at(baseline + difference.center, own, geometric),
    mean,
    ...(ratio && { ratio }),
    difference,
    basis: leading.basis,
    ...(leading.p !== undefined && { p: leading.p }),
    ...(against?.robust && { robust: against.robust }),
  }
}

/** What a ratio is in the metric's unit at a level, so that level + difference = level × ratio. */
export function differenceAt(level: number, ratio: Estimate): Estimate {
  return mapped(ratio, (one) => level * (one - 1))
}

function levelOf(values: Cell['values'], geometric: boolean): Estimate | undefined {
  const numbers = values.map(({ value }) => value)
  return geometric ? geometricInterval(numbers) : meanInterval(numbers)
}

/** The same interval around another centre. */
function at(center: number, own: Estimate, geometric: boolean): Estimate {
  if (center === own.center) return own
  return mapped(own, geometric ? (one) => (one * center) / own.center : (one) => one + center - own.center)
}

/** `change` grows with its argument, so ends stay ends. */
function mapped({ center, lo, hi, n }: Estimate, change: (value: number) => number): Estimate {
  return {
    center: change(center),
    ...(lo !== undefined && { lo: change(lo) }),
    ...(hi !== undefined && { hi: change(hi) }),
    n,
  }
}
