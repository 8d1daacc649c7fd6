import type { GateResult } from '../../model/verdict.ts'
import { cutLines } from './cut-lines.ts'
import { gateMarkdown } from './gate-markdown.ts'

/** GitHub takes 1 MiB for each step's summary and drops all of a longer one. */
const LIMIT = 1_000_000

/** What `$GITHUB_STEP_SUMMARY` gets. */
export function jobSummary(result: GateResult): string {
  return cutLines(gateMarkdown(result), LIMIT)
}
