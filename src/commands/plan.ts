import { resolve } from 'node:path'
import { deviationsOf } from '../compare/deviations.ts'
import { EXIT } from '../model/exit-codes.ts'
import type { Plan } from '../model/plan.ts'
import { describePlan, planLines } from '../plan/describe-plan.ts'
import type { Deviation } from '../plan/detectable.ts'
import { costsOf } from '../plan/time.ts'
import { listRuns } from '../store/find-run.ts'
import { readRunFile } from '../store/read-run.ts'
import { findingsText } from '../ui/failure-text.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { analyseRun } from './analyse-run.ts'
import { choosePlan, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'

/** So many of the newest runs are looked at for how much a metric scatters. */
const HISTORY = 5

/** `meshbench plan`: the order of trials, the time they take and what they can detect. */
export async function planCommand(
  [scenario]: readonly string[],
  options: SelectionOptions,
  context: CommandContext,
): Promise<number> {
  const { plan, platform } = await choosePlan(scenario, options, context)
  const deviations = await pastDeviations(plan, resolve(context.cwd, options.results))
  const description = describePlan(plan, costsOf(platform.name, plan.scenario), deviations)
  const findings = (await platform.review?.(plan)) ?? []
  const { stdout, stderr, env } = context
  if (options.json) stdout.writeJson({ schema: 1, command: 'plan', description, findings, plan })
  else stdout.write(`${planLines(description, options).join('\n')}\n`)
  if (!options.json && findings.length > 0) stderr.write(`\n${findingsText(findings, styleFor(stderr, env))}`)
  return findings.some(({ severity }) => severity === 'error') ? EXIT.usage : EXIT.ok
}

/** Of earlier runs on the same platform with a load of the same shape: another rate scatters otherwise. */
async function pastDeviations(plan: Plan, results: string): Promise<Deviation[]> {
  const shapes = new Set(plan.scenario.loads.map((load) => JSON.stringify(load)))
  const isAlike = (dir: string) => {
    const { platform, loads } = readRunFile(dir).plan.scenario
    return platform === plan.scenario.platform && loads.some((load) => shapes.has(JSON.stringify(load)))
  }
  const past = await Promise.all(
    (await listRuns(results)).slice(0, HISTORY).map(async (run) => {
      const dir = resolve(results, run)
      try {
        return isAlike(dir) ? await analyseRun(dir) : undefined
      } catch {
        return undefined
      }
    }),
  )
  return deviationsOf(past.flatMap((analysis) => analysis ?? []))
}
