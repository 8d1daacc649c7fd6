import type { Ranking } from '../model/analysis.ts'

export interface Rank {
  /** "1", or "2=" where arms cannot be told apart. */
  readonly text: string
  readonly best: boolean
}

/**
 * An arm's rank, as at sports: those who share a place leave the next ones free. Undefined for who is not ranked, and where
 * no arm can be told from the best: then there is no order.
 */
export function rankOf(ranking: Ranking | undefined, arm: string): Rank | undefined {
  const groups = ranking?.groups ?? []
  if (groups.length < 2) return undefined
  let before = 0
  for (const { arms } of groups) {
    if (arms.includes(arm)) return { text: `${before + 1}${arms.length > 1 ? '=' : ''}`, best: before === 0 }
    before += arms.length
  }
  return undefined
}
