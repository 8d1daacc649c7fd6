import type { Plan } from '../model/plan.ts'
import type { Platform } from '../model/platform.ts'
import type { Site } from '../model/site.ts'
import { costsOf } from '../plan/costs.ts'
import { fitToBudget } from '../plan/fit-to-budget.ts'
import { makePlan } from '../plan/make-plan.ts'
import { parseShard, shardPlan } from '../plan/shard-plan.ts'
import { openPlatform } from '../platforms/index.ts'
import { probeKind } from '../platforms/kind/check/probe.ts'
import { readSite } from '../site/read-site.ts'
import { choosePlatform } from './choose-platform.ts'
import { type SelectionOptions, timeBudget } from './selection.ts'
import type { Surroundings } from './surroundings.ts'

/** Scenario and command line → the plan, the platform that carries it out, and where it fetches from. */
export async function choosePlan(
  given: string | undefined,
  options: SelectionOptions,
  surroundings: Surroundings,
  probe = probeKind(),
): Promise<{ plan: Plan; platform: Platform; site: Site }> {
  const { env, cwd } = surroundings
  const budget = timeBudget(options)
  const site = await readSite(options.site, env, { cwd })
  const scenario = await choosePlatform({ given, options, site, surroundings, probe })
  const platform = await openPlatform(scenario.platform, { site, keep: options.keep === true })
  const whole = makePlan(scenario)
  const fitting = budget === undefined ? whole : fitToBudget(whole, costsOf(platform.name, whole.scenario), budget)
  const plan = options.shard === undefined ? fitting : shardPlan(fitting, parseShard(options.shard))
  return { plan, platform, site }
}
