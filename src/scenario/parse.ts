import { meshes as shipped } from '../meshes/index.ts'
import type { Scenario } from '../model/scenario.ts'
import { type Draft, scenarioOf } from './draft.ts'
import { expand } from './expand.ts'
import type { Problem } from './problem.ts'
import type { Meshes } from './rule.ts'
import { ruleFindings } from './rules.ts'
import { scenarioSchema } from './schema.ts'
import { schemaFindings } from './schema-findings.ts'
import { readSource, type Source } from './source.ts'
import { tolerant } from './tolerant.ts'

export { formatProblems, type Problem, scenarioFailure } from './problem.ts'

export type Parsed =
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

/** Loads from one entry repeat its mistakes. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((problem) => [[problem.line, problem.column, problem.message].join('\n'), problem]))
  return [...seen.values()]
}
