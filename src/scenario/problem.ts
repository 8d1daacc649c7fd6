import { Failure } from '../model/failure.ts'

/** A mistake in a scenario file. Lines and columns count from 1. */
export interface ScenarioProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `loads[0].rate`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  readonly remedy: string
}

/** One problem after the other: `file:line:column: message`, with the remedy on its own line. */
export function formatProblems(problems: readonly ScenarioProblem[]): string {
  return problems
    .map(({ file, line, column, message, remedy }) => `${file}:${line}:${column}: ${message}\n  ${remedy}`)
    .join('\n')
}

export function scenarioFailure(problems: readonly ScenarioProblem[]): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new Failure('scenario', `${problems[0]?.file ?? 'the scenario'} has ${count}`, {
    cause: formatProblems(problems),
    fix: 'Correct the lines above; scenarios/example.yaml explains every key.',
  })
}
