import { Failure } from '../model/failure.ts'
import { type FileKind, SCENARIO_FILE } from './file-kind.ts'

/** A mistake in a file that people write. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `loads[0].rate`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  readonly remedy: string
}

/** One problem after the other: `file:line:column: message`, with the remedy on its own line. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, message, remedy }) => `${file}:${line}:${column}: ${message}\n  ${remedy}`)
    .join('\n')
}

export function scenarioFailure(problems: readonly Problem[]): Failure {
  return fileFailure('scenario', problems, SCENARIO_FILE)
}

/** Everything that is wrong with a file, as one failure. */
export function fileFailure(code: string, problems: readonly Problem[], { noun, guide }: FileKind): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new Failure(code, `${problems[0]?.file ?? `the ${noun}`} has ${count}`, {
    cause: formatProblems(problems),
    fix: `Correct the lines above; ${guide}.`,
  })
}
