import type { Clock } from '../model/analysis.ts'

/** What a reader may ask of the page. The published one is what Node draws. */
export interface PageState {
  /** Name of the arm that ratios are to; the scenario's when absent. */
  readonly baseline?: string
  /** The load's own (response time in an open loop) when absent. */
  readonly clock?: Clock
  readonly quantile: QuantileKey
  /** Of axes of latency. */
  readonly scale: 'log' | 'linear'
  readonly hidden: readonly string[]
  /** Ids of trials that the reader leaves out. */
  readonly excluded: readonly string[]
}

export const QUANTILE_KEYS = ['p50', 'p90', 'p99', 'p999'] as const
export type QuantileKey = (typeof QUANTILE_KEYS)[number]

export const PUBLISHED: PageState = { quantile: 'p99', scale: 'log', hidden: [], excluded: [] }

/** Whether figures are other than the published ones, and not only shown otherwise. */
export function changesFigures({ baseline, excluded }: PageState): boolean {
  return baseline !== undefined || excluded.length > 0
}

/** For the part of an address behind `#`: only what is not as published. */
export function stateText({ baseline, clock, quantile, scale, hidden, excluded }: PageState): string {
  const text = new URLSearchParams()
  if (baseline !== undefined) text.set('baseline', baseline)
  if (clock !== undefined) text.set('clock', clock)
  if (quantile !== PUBLISHED.quantile) text.set('quantile', quantile)
  if (scale !== PUBLISHED.scale) text.set('scale', scale)
  for (const arm of hidden) text.append('hide', arm)
  for (const trial of excluded) text.append('without', trial)
  return text.toString()
}

/** What is not understood, or names what the run has not, is left as published. */
export function parseState(
  text: string,
  known: { readonly arms: readonly string[]; readonly trials: readonly string[] },
) {
  const given = new URLSearchParams(text)
  const baseline = given.get('baseline')
  const clock = given.get('clock')
  const quantile = QUANTILE_KEYS.find((key) => key === given.get('quantile'))
  const hidden = given.getAll('hide').filter((arm) => known.arms.includes(arm))
  return {
    ...PUBLISHED,
    ...(baseline !== null && known.arms.includes(baseline) && { baseline }),
    ...((clock === 'service' || clock === 'response') && { clock }),
    ...(quantile && { quantile }),
    ...(given.get('scale') === 'linear' && { scale: 'linear' as const }),
    hidden,
    excluded: given.getAll('without').filter((trial) => known.trials.includes(trial)),
  } satisfies PageState
}
