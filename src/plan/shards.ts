import { Failure } from '../model/failure.ts'
import { type Plan, type Shard, type Trial, trialsOf } from '../model/plan.ts'
import { makePlan, planText } from './make-plan.ts'

/**
 * The part of a plan that one of several machines measures. What is dealt out are whole loads of whole cohorts, so every
 * comparison stays within one machine and its blocks stay paired; identities and orders stay those of the whole.
 */
export function shardPlan(plan: Plan, shard: Shard): Plan {
  const { loads, cohorts } = plan.scenario
  const units = loads.length * cohorts
  if (shard.of > units) {
    throw new Failure('usage', `the plan cannot be split into ${shard.of} shards`, {
      cause: `it has ${units} ${units === 1 ? 'part' : 'parts'} that cannot be split further: loads ${loads.length}, cohorts ${cohorts}`,
      remedy: `Use at most ${units} shards, or plan more cohorts.`,
    })
  }
  const places = new Map(loads.map(({ name }, index) => [name, index]))
  const others = trialsOf(plan).filter(({ cohort, load }) => {
    const unit = (places.get(load) ?? 0) * cohorts + cohort - 1
    return unit % shard.of !== shard.index - 1
  })
  return { ...remaining(plan, new Set(others.map(({ id }) => id))), shard }
}

/** "2/3" → the second of three. */
export function parseShard(text: string): Shard {
  const found = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text)
  const [index, of] = [Number(found?.[1]), Number(found?.[2])]
  if (found && index <= of) return { index, of }
  throw new Failure('usage', `--shard ${text} is not a shard`, { remedy: 'Write number and total: --shard 2/3' })
}

/** The whole plan of which these are all the shards; refuses what does not add up to one. */
export function mergePlans(plans: readonly Plan[]): Plan {
  const [first] = plans
  if (!first) throw refused('there is nothing to merge')
  const strange = plans.find(({ scenario }) => textOf(scenario) !== textOf(first.scenario))
  if (strange) throw refused(`the scenarios ${first.scenario.name} and ${strange.scenario.name} differ`)
  const whole = makePlan(first.scenario)
  const found = new Map<string, Trial>()
  for (const trial of plans.flatMap(trialsOf)) {
    if (found.has(trial.id)) throw refused(`trial ${trial.id} is in more than one of them`)
    found.set(trial.id, trial)
  }
  const missing = trialsOf(whole).filter(({ id }) => !found.has(id))
  if (missing.length > 0) throw refused(`missing trials: ${missing.length}, first ${missing[0]?.id}${absent(plans)}`)
  const planned = new Map(trialsOf(whole).map((trial) => [trial.id, trial]))
  for (const trial of found.values()) {
    if (JSON.stringify(planned.get(trial.id)) !== JSON.stringify(trial)) {
      throw refused(`trial ${trial.id} has another position in its shard than in the plan`)
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
  return missing.length === 0 ? '' : `: shard ${missing.map((index) => `${index}/${of}`).join(', ')} is missing`
}

function refused(cause: string): Failure {
  return new Failure('not-mergeable', 'these runs are not the shards of one run', {
    cause,
    remedy: 'Name the runs of all shards of one scenario, made with the same version: meshbench merge RUN RUN …',
  })
}

/** What is left to do. Identities, orders and positions stay what they were: a resumed run keeps its schedule. */
export function remaining(plan: Plan, finished: ReadonlySet<string>): Plan {
  const cohorts = plan.cohorts
    .map(({ cohort, blocks }) => ({
      cohort,
      blocks: blocks
        .map(({ block, visits }) => ({
          block,
          visits: visits
            .map(({ arm, trials }) => ({ arm, trials: trials.filter(({ id }) => !finished.has(id)) }))
            .filter(({ trials }) => trials.length > 0),
        }))
        .filter(({ visits }) => visits.length > 0),
    }))
    .filter(({ blocks }) => blocks.length > 0)
  return { scenario: plan.scenario, cohorts }
}
