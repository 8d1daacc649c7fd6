import type { Limits, Waiver } from '../model/limits.ts'
import { gateSchema } from '../scenario/gate-schema.ts'
import { schemaFindings } from '../yaml/schema-problems.ts'
import { type FileKind, fileFailure, readSource } from '../yaml/source.ts'

const LIMITS_FILE: FileKind = {
  noun: 'limits file',
  guide: 'the section `gate` of scenarios/example.yaml explains every key',
  beginning: 'Begin with metrics: [p50, p99, mesh-cpu].',
}

/** Reads a limits file, which has the keys of a scenario's `gate` section. `file` is used in messages only. */
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

/** The name of a cell in patterns and reports: `arm/load/metric`. */
export interface Place {
  readonly arm: string
  readonly load: string
  readonly metric: string
}

export function placeText({ arm, load, metric }: Place): string {
  return `${arm}/${load}/${metric}`
}

/** Whether a pattern `arm/load/metric`, with `*` for any part of a name, covers a cell. A pattern must have three parts. */
export function covers(pattern: string, { arm, load, metric }: Place): boolean {
  const parts = pattern.split('/')
  const names = [arm, load, metric]
  return parts.length === names.length && parts.every((part, index) => fits(part, names[index] ?? ''))
}

/**
 * Whether a name is a pattern's pieces in their order, with anything in between. Each piece is taken where it comes first, which
 * leaves the most for those after it; a regular expression tries all places of all pieces, and never ends with two dozen `*`.
 */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...pieces] = pattern.split('*')
  const last = pieces.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const piece of pieces) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

/** The waiver that covers a cell today, if any. `today`: a day in UTC, such as `2026-12-01`. */
export function waiverOf(waivers: readonly Waiver[], place: Place, today: string): Waiver | undefined {
  return waivers.find(({ match, until }) => until >= today && covers(match, place))
}
