import { QUANTILES, quantileName, SAMPLES_TO_REPORT, SAMPLES_TO_TRUST, samplesBeyond } from '../../model/quantiles.ts'
import { count, list } from '../../model/words.ts'
import { invalid, type Rule, warning } from './rule.ts'

export const tooFewSamples: Rule = {
  name: 'too-few-samples',
  title: 'Each quantile has enough answers beyond it',
  problem: 'Too few answers for the tail',
  findsDisturbance: true,
  findsOverload: true,
  judge({ headline }) {
    const thin = QUANTILES.map(({ q }) => ({ q, beyond: samplesBeyond(q, headline.count) })).filter(
      ({ beyond }) => beyond < SAMPLES_TO_TRUST,
    )
    const remedy = 'Measure longer, or at a higher rate.'
    if (thin[0]?.q === QUANTILES[0].q && thin[0].beyond < SAMPLES_TO_REPORT) {
      return invalid(`${count(headline.count, 'answer')} arrived.`, 'This is too few for a median.', remedy)
    }
    if (thin.length === 0) return undefined
    return warning(
      `Too few answers lie beyond ${list(thin.map(({ q, beyond }) => `${quantileName(q)} (${count(beyond, 'answer')})`))}.`,
      `A quantile is imprecise with fewer than ${SAMPLES_TO_TRUST} answers beyond it, and is not reported with fewer than ${SAMPLES_TO_REPORT}.`,
      remedy,
    )
  },
}
