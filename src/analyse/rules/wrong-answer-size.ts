import { formatSize } from '../../model/units.ts'
import { invalid, type Rule } from './rule.ts'

/** Bytes by which answers may vary: they include headers, and proxies write values of varying length into them. */
const HEADERS_VARY = 64

/** Bytes that headers may take at most. */
const HEADERS = 4096

export const wrongAnswerSize: Rule = {
  name: 'wrong-answer-size',
  title: 'Answers had the configured size',
  problem: 'Answers had another size',
  findsDisturbance: true,
  findsOverload: true,
  ofEach: true,
  judge({ reading, load }) {
    const { answer } = reading.generator
    // What an application of the user's answers is its own matter; that of a graph is known, and tells of calls that failed.
    const expected = load.request ? load.request.answer : load.payload
    if (!answer || expected === undefined) return undefined
    const { min, max, mean } = answer
    if (mean >= expected && mean <= expected + HEADERS && max - min <= HEADERS_VARY) return undefined
    return invalid(
      `Answers had ${formatSize(min)} to ${formatSize(max)}, on average ${formatSize(mean)}; ${load.request ? 'services of the graph answer with' : 'the payload is'} ${formatSize(expected)}.`,
      'Something other than the server answered, or the answers were cut short or enlarged: the amount of work is wrong.',
      'Check an answer by hand: look for an error page with status 200, a redirect, or a buffer that is too small.',
    )
  },
}
