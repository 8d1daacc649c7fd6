import { formatShare } from '../../model/units.ts'
import { type HeldView, isSteady } from '../trial-view.ts'
import type { ComparisonRule } from './comparison.ts'

const TOLERATED = 0.001

/** Reads all measured trials, not only valid ones: trials with many errors are invalid, and leaving them out would hide the difference. */
export const errorRatesDiffer: ComparisonRule = {
  name: 'error-rates-differ',
  title: 'All arms had the same error rate',
  problem: 'Arms had different error rates',
  judge({ record, measured }) {
    // A search sends more than an arm carries, to find how much it carries; what an operation breaks is what is measured.
    const byLoad = Map.groupBy(measured.filter(isSteady), ({ load }) => load.name)
    return record.run.plan.scenario.loads.flatMap((load) => {
      const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm.name)
      const rates = [...byArm].map(([arm, views]) => ({ arm, rate: errorRate(views) })).sort((a, b) => a.rate - b.rate)
      const [least, most] = [rates.at(0), rates.at(-1)]
      if (!least || !most || most.rate - least.rate <= TOLERATED) return []
      return [
        {
          severity: 'invalid' as const,
          cause: `Under ${load.name}, ${formatShare(most.rate)} of the requests failed in ${most.arm} and ${formatShare(least.rate)} in ${least.arm}.`,
          effect: 'Latencies include successful requests only, so an arm with more errors may look faster.',
          remedy: 'Find the errors in the raw output; lower the rate if they come from overload.',
          arm: most.arm,
          load: load.name,
        },
      ]
    })
  },
}

function errorRate(views: readonly HeldView[]): number {
  const sum = (of: (view: HeldView) => number) => views.reduce((total, view) => total + of(view), 0)
  return (
    sum(({ reading }) => reading.errors) /
    Math.max(
      1,
      sum(({ reading }) => reading.requests),
    )
  )
}
