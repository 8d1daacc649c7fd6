import { capital, list } from '../../model/words.ts'
import { namesOf, typicalP99, whyWithheld } from '../tail.ts'
import { type Objection, type Rule, warning } from './rule.ts'

const PAUSED = 'Give the load generator more CPU, cores of its own or more connections, and measure this trial again.'
const UNSENT = 'Give the load more connections, or lower the rate.'

/** What a pause of the load generator makes unknown is not published as a figure of the arm. */
export const quantileWithheld: Rule = {
  name: 'quantile-withheld',
  title: 'The load generator made no quantile',
  judge({ withheld, reading, load }) {
    const objections: Objection[] = []
    if (withheld.size > 0) {
      objections.push(
        warning(
          `${capital(whyWithheld(reading))}.`,
          `${list(namesOf(withheld))} may be of the generator and not of the arm, by more than 10 %: withheld. The other quantiles count.`,
          (reading.generator.late?.disturbed ?? 0) > 0 ? PAUSED : UNSENT,
        ),
      )
    }
    const typical = typicalP99(reading, 'response')
    if (load.rate !== 'max' && 'reason' in typical && reading.slices) {
      objections.push(
        warning(
          `${capital(typical.reason)}.`,
          'The p99 of a typical second is not known for this trial.',
          'Measure longer or at a higher rate, on a machine where the load generator has a core to itself.',
        ),
      )
    }
    return objections
  },
}
