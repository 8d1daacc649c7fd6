import type { Limits } from '../model/limits.ts'
import type { FileKind } from '../scenario/file-kind.ts'
import { gateSchema } from '../scenario/gate-schema.ts'
import { fileFailure } from '../scenario/problem.ts'
import { schemaFindings } from '../scenario/schema-findings.ts'
import { readSource } from '../scenario/source.ts'

const LIMITS_FILE: FileKind = {
  noun: 'limits file',
  guide: 'the section `gate` of scenarios/example.yaml explains every key',
  beginning: 'Begin with metrics: [p50, p99, mesh-cpu].',
}

/** Reads a file of limits: what a scenario has below `gate`. `file` is only for the messages. */
export function parseLimits(text: string, file: string): Limits {
  const source = readSource(text, file, LIMITS_FILE)
  const found = schemaFindings(gateSchema, source, LIMITS_FILE)
    .filter(({ missing }) => !(missing && source.doubtful))
    .map((finding) => source.problem(finding))
    .filter(({ line }) => !source.broken.has(line))
  const problems = [...source.problems, ...found]
  if (problems.length > 0) throw fileFailure('limits', problems, LIMITS_FILE)
  return gateSchema.parse(source.value) as Limits
}
