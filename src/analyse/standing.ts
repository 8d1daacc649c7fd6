import type { Estimate, Standing } from '../model/analysis.ts'
import { formatChange } from '../model/units.ts'
import { count } from './wording.ts'

/** Below this many blocks nothing is decided, whatever the interval says. */
export const BLOCKS_TO_DECIDE = 3

/** An interval that reaches further than this from 1 cannot say that there is no difference. */
const TELLING = 1.1

/** A band narrower than this, as a ratio, reads as +0.0 %. */
const SHOWN = 1.0005

export interface Stand {
  readonly standing: Standing
  readonly notes: readonly string[]
}

/**
 * What a ratio to the baseline allows to say. `band`: how far the A/A pairs stray (a ratio ≥ 1), absent without a pair.
 * Higher or lower only where the interval excludes 1 and the estimate lies outside of what two equal arms show.
 */
export function standingOfRatio(ratio: Estimate, band: number | undefined): Stand {
  const few = tooFew(ratio)
  if (few) return few
  const { center, lo = 0, hi = Number.POSITIVE_INFINITY } = ratio
  const noise = band ?? 1
  const notes = band === undefined ? ['This run has no A/A pair: what two equal arms differ by is not known.'] : []
  const within = { standing: 'within-noise', notes: [...notes, ...bandNote(band)] } as const
  if (lo <= 1 && hi >= 1) {
    const telling = tellingRatio(noise)
    if (hi <= telling && lo >= 1 / telling) return within
    return { standing: 'undecided', notes: [...notes, 'The interval is too wide to tell a difference from none.'] }
  }
  if (center <= noise && center >= 1 / noise) return within
  return { standing: center > 1 ? 'higher' : 'lower', notes }
}

/** An interval that stays within it says that there is no difference worth the name. */
export function tellingRatio(noise: number): number {
  return Math.max(noise, TELLING)
}

/** For metrics of which the baseline has none, such as the CPU of the mesh: a ratio to 0 does not exist. */
export function standingOfDifference(difference: Estimate): Stand {
  const few = tooFew(difference)
  if (few) return few
  const { center, lo = center, hi = center } = difference
  if (lo === 0 && hi === 0) return { standing: 'within-noise', notes: [] }
  if (lo <= 0 && hi >= 0)
    return { standing: 'undecided', notes: ['The interval is too wide to tell a difference from none.'] }
  return { standing: center > 0 ? 'higher' : 'lower', notes: [] }
}

function tooFew({ n }: Estimate): Stand | undefined {
  if (n >= BLOCKS_TO_DECIDE) return undefined
  return { standing: 'undecided', notes: [`${count(n, 'block')}: at least ${BLOCKS_TO_DECIDE} are needed to decide.`] }
}

function bandNote(band: number | undefined): string[] {
  return band === undefined || band < SHOWN ? [] : [`Two equal arms differ by up to ${formatChange(band)} in this run.`]
}
