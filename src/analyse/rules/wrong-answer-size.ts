import { formatSize } from '../../model/units.ts'
import { invalid, type Rule } from './rule.ts'

/** Headers count as part of the answer, and proxies write figures of varying length into them. */
const HEADERS_VARY = 64

export const wrongAnswerSize: Rule = {
  name: 'wrong-answer-size',
  title: 'Answers had the size that was asked for',
  judge({ reading, load }) {
    const { answer } = reading.generator
    if (!answer) return undefined
    const { min, max, mean } = answer
    if (mean >= load.payload && max - min <= HEADERS_VARY) return undefined
    return invalid(
      `Answers had ${formatSize(min)} to ${formatSize(max)}, on average ${formatSize(mean)}; the payload is ${formatSize(load.payload)}.`,
      'Something else than the server answered, or cut the answers short: another amount of work was measured.',
      'Look at an answer by hand: an error page with status 200, a redirect, or a buffer that is too small.',
    )
  },
}
