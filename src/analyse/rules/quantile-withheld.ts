import { capital, list } from '../../model/words.ts'
import { namesOf, typicalP99, whyWithheld } from '../tail.ts'
import { type Objection, type Rule, warning } from './rule.ts'

const PAUSED = 'Give the load generator more CPU, cores of its own or more connections, and measure this trial again.'
const UNSENT = 'Give the load more connections, or lower the rate.'

/** Quantiles that pauses of the load generator make uncertain are not published as figures of the arm. */
export const quantileWithheld: Rule = {
  name: 'quantile-withheld',
  title: 'The load generator affected no quantile',
  problem: 'Quantiles are withheld',
  findsDisturbance: true,
  findsOverload: true,
  usesClock: true,
  judge({ withheld, reading, load }) {
    const objections: Objection[] = []
    if (withheld.size > 0) {
      objections.push(
        warning(
          `${capital(whyWithheld(reading))}.`,
          `Withheld: ${list(namesOf(withheld))}. More than 10 % of each value may come from the load generator. Other quantiles count.`,
          (reading.generator.late?.disturbed ?? 0) > 0 ? PAUSED : UNSENT,
        ),
      )
    }
    const typical = typicalP99(reading, 'response')
    if (load.rate !== 'max' && 'reason' in typical && reading.slices) {
      objections.push(
        warning(
          `${capital(typical.reason)}.`,
          'The p99 of a typical second is unknown for this trial.',
          'Measure longer or at a higher rate, on a machine where the load generator has a core to itself.',
        ),
      )
    }
    return objections
  },
}
