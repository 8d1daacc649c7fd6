import { Failure } from '../model/failure.ts'
import { failureText } from '../ui/failure-text.ts'
import { styleFor } from '../ui/terminal-style.ts'
import type { CommandContext } from './command-context.ts'

/** Says what, why and what to do; the answer is the exit code. */
export function sayFailure(error: unknown, json: boolean, { stdout, stderr, env }: CommandContext): number {
  const failure = Failure.from(error)
  if (json) stdout.writeJson({ schema: 1, failure: failure.toData() })
  else stderr.alert(`${failureText(failure.toData(), styleFor(stderr, env))}\n`)
  if (failure.code === 'unexpected' && env['MESHBENCH_DEBUG']) stderr.alert(`${(error as Error).stack}\n`)
  return failure.exitCode
}
