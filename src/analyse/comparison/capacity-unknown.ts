import type { CapacityEnding, CapacityOfLoad, CapacitySearch, Problem } from '../../model/analysis.ts'
import { BLOCKS_TO_DECIDE } from '../../model/plan.ts'
import { formatDuration, formatLatency, formatRate } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import type { ComparisonRule } from './comparison.ts'

/** Least number of blocks with a capacity for an interval. */
const BLOCKS_FOR_INTERVAL = 2

type Unknown = Exclude<CapacityEnding, 'width'>

/** Why a search has no capacity, and what to do about it. */
const WHY: Readonly<Record<Unknown, (goal: CapacityOfLoad['goal']) => readonly [why: string, remedy: string]>> = {
  'above-max': ({ max }) => [
    `met the goal at the highest rate of the range, ${formatRate(max)}`,
    'Raise `max`, if the load generator can send more.',
  ],
  'below-min': ({ min, p99 }) => [
    `missed the goal at the lowest rate of the range, ${formatRate(min)}`,
    `Lower \`min\`, or allow a p99 of more than ${formatLatency(p99)}.`,
  ],
  budget: ({ budget }) => [
    `did not end within the budget of ${formatDuration(budget)}`,
    'Raise `budget`, or narrow the range from `min` to `max`.',
  ],
  disturbed: () => [
    'was disturbed three times at one rate',
    'Stop other programs, or give the load generator cores of its own; the trials say what disturbed them.',
  ],
  failed: () => ['failed twice', 'The failures of the trials say why.'],
}

/** A search without two bounds is no capacity: its arm has fewer blocks, or none. */
export const capacityUnknown: ComparisonRule = {
  name: 'capacity-unknown',
  title: 'Every search found a capacity',
  problem: 'Searches found no capacity',
  judge: ({ capacities, record }) =>
    capacities.flatMap((one) =>
      record.run.plan.scenario.arms.flatMap(({ name }) =>
        problemsOf(
          name,
          one.searches.filter(({ arm }) => arm === name),
          one,
        ),
      ),
    ),
}

function problemsOf(
  arm: string,
  searches: readonly CapacitySearch[],
  { load, goal }: CapacityOfLoad,
): Omit<Problem, 'rule' | 'message'>[] {
  const found = searches.filter(({ capacity }) => capacity !== undefined).length
  const lacking = searches.filter(({ ended }) => ended !== undefined && ended !== 'width')
  if (lacking.length === 0) return []
  const reasons = Object.entries(Object.groupBy(lacking, ({ ended }) => ended as Unknown)).map(([ended, those]) => {
    const [why, remedy] = WHY[ended as Unknown](goal)
    return { why: `in ${count(those.length, 'block')} the search ${why}`, remedy }
  })
  return [
    {
      severity: found < BLOCKS_FOR_INTERVAL ? 'invalid' : 'warning',
      cause: `Of ${arm} under ${load}: ${list(reasons.map(({ why }) => why))}.`,
      effect:
        found < BLOCKS_TO_DECIDE
          ? `${arm} has a capacity in ${count(found, 'block')}, too few to compare it.`
          : `The capacity of ${arm} is that of the other ${count(found, 'block')}.`,
      remedy: reasons.map(({ remedy }) => remedy).join(' '),
      arm,
      load,
    },
  ]
}
