import { meshes as shipped } from '../meshes/index.ts'
import type { Scenario } from '../model/scenario.ts'
import { schemaFindings, tolerant } from '../yaml/schema-problems.ts'
import { type Problem, readSource, type Source } from '../yaml/source.ts'
import type { Finding } from '../yaml/yaml-finding.ts'
import { armRules } from './arm-rules.ts'
import { claimRules } from './claims/claim-rules.ts'
import { type Draft, expand, type Meshes, type Rule, scenarioOf } from './draft.ts'
import { featureRules } from './features/feature-rules.ts'
import { loadRules } from './load-rules.ts'
import { operationRules } from './operation-rules.ts'
import { platformRules } from './platform-rules.ts'
import { gateRules, runRules } from './run-rules.ts'
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
  if (problems.length === 0) return { scenario: scenarioOf(draft, meshes), problems: [] }
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

const RULES = [
  ...armRules,
  ...platformRules,
  ...loadRules,
  ...operationRules,
  ...featureRules,
  ...runRules,
  ...gateRules,
  ...claimRules,
]

/** What rules find in a draft. */
export function ruleFindings(draft: Draft, meshes: Meshes = shipped, rules: readonly Rule[] = RULES): Finding[] {
  return rules.flatMap((rule) => rule(draft, meshes))
}
