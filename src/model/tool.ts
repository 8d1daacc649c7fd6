import type { ToolProvenance } from './result.ts'

/** External programs that meshbench runs. */
export const PROGRAMS = ['kind', 'helm', 'fortio', 'k6', 'envoy'] as const
export type ProgramName = (typeof PROGRAMS)[number]

/** A program that was found or fetched. */
export interface Program {
  readonly name: ProgramName
  readonly path: string
  readonly provenance: ToolProvenance
}
