import { invalid, type Rule, warning } from './rule.ts'

export const evidenceContradicts: Rule = {
  name: 'evidence-contradicts',
  title: 'What was seen of the arm is what the arm claims',
  judge({ reading, mesh }) {
    const { evidence } = reading.observation
    const contradicted = evidence.filter(({ holds }) => holds === false)
    if (contradicted.length > 0) {
      return contradicted.map(({ name, seen, source }) =>
        invalid(
          `${name} does not hold: ${seen} (${source}).`,
          'Something else was measured than the arm that is named.',
          'Look at how the arm is set up; the raw output of the trial holds what was read.',
        ),
      )
    }
    if (!mesh?.mtls || evidence.some(({ name, holds }) => name === 'mtls' && holds)) return undefined
    return warning(
      'Nothing was seen that shows mutual TLS.',
      'The arm may have carried plain text, which costs less.',
      'See whether the counters of the proxies could be read.',
    )
  },
}
