import type { Plan } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import { costsOf } from '../plan/costs.ts'
import { fitToBudget } from '../plan/fit-to-budget.ts'
import { makePlan } from '../plan/make-plan.ts'
import { openPlatform } from '../platforms/index.ts'
import { chooseScenario, type SelectionOptions, timeBudget } from './selection.ts'
import type { Surroundings } from './surroundings.ts'

/** Scenario and command line → the plan, and the platform that carries it out. */
export async function choosePlan(
  scenario: string,
  options: SelectionOptions,
  surroundings: Surroundings,
): Promise<{ plan: Plan; platform: Platform }> {
  const chosen = await chooseScenario(scenario, options, surroundings)
  const platform = await openPlatform(chosen.platform ?? 'local')
  const whole = makePlan({ ...chosen, platform: platform.name })
  const budget = timeBudget(options)
  const plan = budget === undefined ? whole : fitToBudget(whole, costsOf(platform.name, whole.scenario), budget)
  return { plan, platform }
}
