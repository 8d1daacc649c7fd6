import type { FamilyMethod } from '../model/limits.ts'
import { holm } from '../stats/holm.ts'
import { maxT } from '../stats/max-t.ts'
import { random } from '../stats/random.ts'
import type { Compared } from './compared.ts'
import { chanceOf, type Effect, tail } from './effect.ts'

/** What the p-values of a cell are, before and after they were adjusted over its family. */
export interface Chances {
  readonly p: Sides
  readonly adjusted: Sides
}

type Side = 'worse' | 'better'
type Sides = Readonly<Record<Side, number>>

/** A cell that cannot be judged says why; every other has an effect. */
export interface Weighed {
  readonly compared: Compared
  readonly why?: { readonly rule: string; readonly sentence: string }
}

/**
 * Adjusted within each level, each side for itself. What was not judged counts as found nothing, so the family stays as
 * large as was declared.
 */
export function chancesOf(weighed: readonly Weighed[], method: FamilyMethod): Chances[] {
  const p = weighed.map(({ compared: { effect }, why }): Sides => (effect && !why ? chanceOf(effect) : NOTHING))
  const adjusted = p.map((one) => ({ ...one }))
  for (const level of ['error', 'warn']) {
    const members = weighed.flatMap(({ compared }, index) => (compared.limits.level === level ? [index] : []))
    const those = members.flatMap((index) => weighed[index] ?? [])
    for (const side of ['worse', 'better'] as const) {
      const values = method === 'holm' ? holm(members.map((index) => p[index]?.[side] ?? 1)) : byResampling(those, side)
      for (const [place, index] of members.entries()) Object.assign(adjusted[index] ?? {}, { [side]: values[place] })
    }
  }
  return p.map((one, index) => ({ p: one, adjusted: adjusted[index] ?? one }))
}

const NOTHING: Sides = { worse: 1, better: 1 }

/**
 * Signs of blocks leave out what cohorts and nights differ by, so where that is known, Holm's answer by that scatter counts
 * if it is the larger.
 */
function byResampling(weighed: readonly Weighed[], side: Side): number[] {
  const known = new Set(weighed.flatMap(({ compared }) => compared.harm.map(({ block }) => block)))
  const blocks = [...known].toSorted((a, b) => a - b)
  const cells = weighed.map(({ compared, why }) => {
    const values = new Map(why ? [] : compared.harm.map(({ block, value }) => [block, value]))
    return blocks.map((block) => values.get(block))
  })
  const drawn = maxT(cells, { random: random(1, 'family', side), tail: side === 'worse' ? 'greater' : 'less' })
  const others = holm(weighed.map(({ compared, why }) => (compared.effect && !why ? beyond(compared.effect, side) : 1)))
  return drawn.map((one, index) => Math.max(one, others[index] ?? 1))
}

/** By the scatter of what stands above blocks; 0 where there is nothing. */
function beyond({ center, byCohorts, byNights }: Effect, side: Side): number {
  const harm = side === 'worse' ? center : -center
  return Math.max(0, ...[byCohorts, byNights].flatMap((one) => (one ? [tail(harm, one)] : [])))
}
