import { Failure } from '../model/failure.ts'
import { type Plan, type Trial, trialsOf } from '../model/plan.ts'
import { makePlan } from './make-plan.ts'
import { planText } from './plan-text.ts'

/** The whole plan of which these are all the shards; refuses what does not add up to one. */
export function mergePlans(plans: readonly Plan[]): Plan {
  const [first] = plans
  if (!first) throw refused('there is nothing to merge')
  const strange = plans.find(({ scenario }) => textOf(scenario) !== textOf(first.scenario))
  if (strange) throw refused(`the scenarios ${first.scenario.name} and ${strange.scenario.name} are not the same`)
  const whole = makePlan(first.scenario)
  const found = new Map<string, Trial>()
  for (const trial of plans.flatMap(trialsOf)) {
    if (found.has(trial.id)) throw refused(`trial ${trial.id} is in more than one of them`)
    found.set(trial.id, trial)
  }
  const missing = trialsOf(whole).filter(({ id }) => !found.has(id))
  if (missing.length > 0)
    throw refused(`${missing.length} trials are in none of them, ${missing[0]?.id} the first${absent(plans)}`)
  const planned = new Map(trialsOf(whole).map((trial) => [trial.id, trial]))
  for (const trial of found.values()) {
    if (JSON.stringify(planned.get(trial.id)) !== JSON.stringify(trial)) {
      throw refused(`trial ${trial.id} has another place in its shard than in the whole plan`)
    }
  }
  return whole
}

function textOf(scenario: Plan['scenario']): string {
  return planText({ scenario, cohorts: [] })
}

function absent(plans: readonly Plan[]): string {
  const of = plans.find(({ shard }) => shard)?.shard?.of ?? 0
  const there = new Set(plans.map(({ shard }) => shard?.index))
  const missing = Array.from({ length: of }, (_, index) => index + 1).filter((index) => !there.has(index))
  return missing.length === 0 ? '' : `: shard ${missing.map((index) => `${index}/${of}`).join(', ')} is not there`
}

function refused(cause: string): Failure {
  return new Failure('not-mergeable', 'these runs are not the shards of one run', {
    cause,
    fix: 'Name the runs of all shards of one scenario, made with the same version: meshbench merge RUN RUN …',
  })
}
