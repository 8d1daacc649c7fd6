import { Failure } from '../model/failure.ts'
import { type Plan, type Shard, trialsOf } from '../model/plan.ts'
import { remaining } from './remaining.ts'

/**
 * The part of a plan that one of several machines measures. What is dealt out are whole loads of whole cohorts, so every
 * comparison stays within one machine and its blocks stay paired; identities and orders stay those of the whole.
 */
export function shardPlan(plan: Plan, shard: Shard): Plan {
  const { loads, cohorts } = plan.scenario
  const units = loads.length * cohorts
  if (shard.of > units) {
    throw new Failure('usage', `the plan cannot be cut into ${shard.of} shards`, {
      cause: `it has ${units} ${units === 1 ? 'part' : 'parts'} that cannot be cut: ${loads.length} loads in ${cohorts} cohorts`,
      fix: `Ask for ${units} shards at most, or plan more cohorts.`,
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
  throw new Failure('usage', `--shard ${text} names no shard`, { fix: 'Write which one of how many: --shard 2/3' })
}
