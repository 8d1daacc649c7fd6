import { ENCRYPTIONS } from '../../model/mesh.ts'
import { invalid, type Rule, warning } from './rule.ts'

export const evidenceContradicts: Rule = {
  name: 'evidence-contradicts',
  title: 'The arm had the settings that it claims',
  problem: 'The arm did not have the settings that it claims',
  judge({ reading, mesh }) {
    const { evidence } = reading.observation
    const contradicted = evidence.filter(({ holds }) => holds === false)
    if (contradicted.length > 0) {
      return contradicted.map(({ name, seen, source }) =>
        invalid(
          `The check of ${name} failed: ${seen} (${source}).`,
          'The trial did not measure this arm as configured.',
          'Check the setup of the arm; the raw output of the trial has the evidence.',
        ),
      )
    }
    const encryption = mesh?.encryption ?? 'none'
    if (encryption === 'none' || evidence.some(({ name, holds }) => name === encryption && holds)) return undefined
    return warning(
      `No evidence of ${ENCRYPTIONS[encryption].title} was found.`,
      'The arm may have sent plain text, which costs less.',
      'Check that the counters of the proxies can be read.',
    )
  },
}
