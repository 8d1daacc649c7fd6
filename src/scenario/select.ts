import { Failure } from '../model/failure.ts'
import { baselineOf, type Isolation, type PlatformName, type Profile, type Scenario } from '../model/scenario.ts'
import { draftOf } from './draft.ts'
import { ruleFindings, SELECTION_RULES } from './rules.ts'
import { scenarioSchema } from './schema.ts'
import { suggest } from './suggest.ts'

/** What of a scenario is wanted; what is absent stays as the scenario has it. */
export interface Selection {
  readonly arms?: readonly string[]
  readonly loads?: readonly string[]
  readonly blocks?: number
  readonly cohorts?: number
  readonly seed?: number
  readonly platform?: PlatformName
  readonly profile?: Profile
  readonly isolation?: Isolation
}

/** A part or variant of a scenario. Arms and loads keep their order, and the baseline always stays. */
export function select(scenario: Scenario, { arms, loads, ...overrides }: Selection): Scenario {
  const wanted = arms && [baselineOf(scenario).name, ...arms]
  const selected = {
    ...scenario,
    ...inRange(overrides),
    arms: named(scenario.arms, wanted, 'arm'),
    loads: named(scenario.loads, loads, 'load'),
  }
  const [wrong] = ruleFindings(draftOf(selected), undefined, SELECTION_RULES)
  if (wrong) throw new Failure('usage', wrong.message, { fix: wrong.remedy })
  return selected
}

function named<Thing extends { readonly name: string }>(
  things: readonly Thing[],
  wanted: readonly string[] | undefined,
  noun: string,
): readonly Thing[] {
  if (!wanted) return things
  const known = things.map(({ name }) => name)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Failure('usage', `the scenario has no ${noun} "${unknown}"`, { fix: suggest(unknown, known) })
  }
  const chosen = things.filter(({ name }) => wanted.includes(name))
  if (chosen.length === 0) throw new Failure('usage', `no ${noun} is selected`, { fix: suggest('', known) })
  return chosen
}

const { seed, blocks, cohorts } = scenarioSchema.shape
const LIMITS = { seed, blocks, cohorts }

/** Numbers from elsewhere keep to the limits that a scenario file has. */
function inRange<Overrides extends Omit<Selection, 'arms' | 'loads'>>(overrides: Overrides): Overrides {
  for (const [key, limit] of Object.entries(LIMITS)) {
    const value = overrides[key as keyof typeof LIMITS]
    if (value === undefined || limit.safeParse(value).success) continue
    throw new Failure('usage', `${key} cannot be ${value}`, { fix: `Give a whole number ${range(limit.unwrap())}.` })
  }
  return overrides
}

function range({ minValue, maxValue }: { minValue: number | null; maxValue: number | null }): string {
  return `from ${minValue} to ${maxValue}`
}
