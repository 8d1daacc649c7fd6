import { meshes as shipped } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import { baselineOf, type Isolation, type Profile, type Scenario } from '../model/scenario.ts'
import type { PlatformName } from '../model/traits.ts'
import { schemaFindings, tolerant } from '../yaml/schema-problems.ts'
import { type Problem, readSource, type Source } from '../yaml/source.ts'
import { type Finding, suggest } from '../yaml/yaml-finding.ts'
import { armRules } from './arm-rules.ts'
import { type Draft, draftOf, expand, type Meshes, type Rule, scenarioOf } from './draft.ts'
import { loadRules } from './load-rules.ts'
import { platformRules } from './platform-rules.ts'
import { gateRules, runRules, trialsAreFew } from './run-rules.ts'
import { scenarioSchema } from './schema.ts'

type Parsed =
  | { readonly scenario: Scenario; readonly problems: readonly [] }
  | { readonly scenario?: undefined; readonly problems: readonly Problem[] }

const sketchSchema = tolerant(scenarioSchema)

/** Reads a scenario file: the scenario, or everything that is wrong with it. `file` is only for the messages. */
export function parseScenario(text: string, file: string, meshes: Meshes = shipped): Parsed {
  const source = readSource(text, file)
  const draft = expand(sketchSchema.parse(source.value) ?? {})
  const problems = problemsOf(source, draft, meshes)
  if (problems.length === 0) return { scenario: scenarioOf(draft), problems: [] }
  return { problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

function problemsOf(source: Source, draft: Draft, meshes: Meshes): Problem[] {
  const found = [...schemaFindings(scenarioSchema, source), ...ruleFindings(draft, meshes)]
    .filter(({ missing }) => !(missing && source.doubtful))
    .map((finding) => source.problem(finding))
    .filter(({ line }) => !source.broken.has(line))
  return distinct([...source.problems, ...found])
}

/** Removes duplicates: loads from one entry repeat its mistakes. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((problem) => [[problem.line, problem.column, problem.message].join('\n'), problem]))
  return [...seen.values()]
}

/** A selection from a scenario; absent keys keep the scenario's values. */
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

/** Checks numbers from the command line by the limits of the schema. */
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

/** Rules that command-line options can break although the file is correct. */
const SELECTION_RULES = [...platformRules, trialsAreFew]

const RULES = [...armRules, ...platformRules, ...loadRules, ...runRules, ...gateRules]

/** What rules find in a draft. */
function ruleFindings(draft: Draft, meshes: Meshes = shipped, rules: readonly Rule[] = RULES): Finding[] {
  return rules.flatMap((rule) => rule(draft, meshes))
}
