import { EXIT } from '../model/failure.ts'
import { findingsText } from '../ui/findings.ts'
import { styleFor } from '../ui/style.ts'
import { choosePlan } from './choose-plan.ts'
import type { SelectionOptions } from './selection.ts'
import type { Surroundings } from './surroundings.ts'

/** `meshbench doctor`: what stands in the way of a run. */
export async function doctorCommand(
  [scenario]: readonly string[],
  options: SelectionOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { stdout, env } = surroundings
  const { plan, platform } = await choosePlan(scenario, options, surroundings)
  const findings = await platform.check(plan)
  stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 1, command: 'doctor', platform: platform.name, findings }, null, 2)}\n`
      : findingsText(findings, styleFor(stdout, env)),
  )
  return findings.some(({ severity }) => severity === 'error') ? EXIT.infrastructure : EXIT.ok
}
