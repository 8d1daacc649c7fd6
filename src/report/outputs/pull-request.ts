import type { GateResult } from '../../model/verdict.ts'
import { cutLines } from './cut-lines.ts'
import { gateMarkdown } from './gate-markdown.ts'

/** GitHub takes 65,536 characters for a comment or an issue. */
const LIMIT = 65_000

/** Is not shown, and tells our comment from all others. */
const MARK = '<!-- meshbench -->'

/** The body of a comment on a pull request, or of an issue. */
export function pullRequestMarkdown(result: GateResult): string {
  return cutLines([MARK, ...gateMarkdown(result)], LIMIT)
}
