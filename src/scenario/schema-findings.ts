import type { z } from 'zod'
import { type FileKind, SCENARIO_FILE } from './file-kind.ts'
import { type Finding, type Path, shown } from './finding.ts'
import type { Source } from './source.ts'
import { suggest } from './suggest.ts'

type Issue = z.core.$ZodIssue

/** What a schema finds wrong with what is written. */
export function schemaFindings(
  schema: z.ZodType,
  { value, written }: Pick<Source, 'value' | 'written'>,
  kind: FileKind = SCENARIO_FILE,
): Finding[] {
  if (value === undefined) return []
  if (value === null) return [{ path: [], message: 'the file is empty', remedy: kind.beginning, missing: true }]
  const parsed = schema.safeParse(value)
  if (parsed.success) return []
  return parsed.error.issues
    .flatMap((issue) => innermost(issue))
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? unknownKeys(issue)
        : [finding(issue, valueAt(value, issue.path as Path), written, kind)],
    )
}

/** Of the alternatives of a union, the one that was meant: the first whose kind of value was written. */
function innermost(issue: Issue, above: readonly PropertyKey[] = []): Issue[] {
  const path = [...above, ...issue.path]
  const alternatives = issue.code === 'invalid_union' ? issue.errors : []
  const meant = alternatives.find((issues) => !issues.some(isOtherKind)) ?? alternatives[0]
  if (!meant) return [{ ...issue, path }]
  return meant.flatMap((inner) => innermost(inner, path))
}

function isOtherKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}

/** The message of such an issue is the list of the keys that exist. */
function unknownKeys({ keys, path, message }: z.core.$ZodIssueUnrecognizedKeys): Finding[] {
  return keys.map((key) => ({
    path: [...(path as Path), key],
    message: `unknown key ${shown(key)}`,
    remedy: suggest(key, message.split('\n')),
    atKey: true,
  }))
}

function finding(issue: Issue, value: unknown, written: Source['written'], kind: FileKind): Finding {
  const path = issue.path as Path
  const subject = path.length === 0 ? `a ${kind.noun}` : subjectOf(path)
  if (value === undefined) {
    return { path, message: `"${subject}" is missing`, remedy: missingRemedy(issue, subject), missing: true }
  }
  const own = issue.message.split('\n')
  if (value === null) {
    return {
      path,
      message: `${subject} has no value`,
      remedy: own[1] ?? 'Give it one, or remove the key.',
      missing: true,
    }
  }
  const [message, remedy] = own.length === 2 ? (own as [string, string]) : describe(issue, value, written(path), kind)
  return { path, message: `${subject}: ${message}`, remedy }
}

function missingRemedy(issue: Issue, subject: string): string {
  return issue.message.split('\n')[1] ?? `Add the key ${subject}.`
}

/** `rate`, or `rate[1]` in a list. */
function subjectOf(path: Path): string {
  const key = path.findLastIndex((part) => typeof part === 'string')
  return path.slice(Math.max(0, key)).reduce<string>((text, part) => (text ? `${text}[${part}]` : String(part)), '')
}

function describe(
  issue: Issue,
  value: unknown,
  written: string | undefined,
  { guide }: FileKind,
): [message: string, remedy: string] {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value, written)
    case 'invalid_value':
      return [`${shown(value)} is not one of the choices`, suggest(String(value), issue.values.map(String))]
    case 'too_small':
      if (issue.origin === 'array') return ['the list is empty', 'Give at least one entry.']
      return [`${shown(value)} is less than ${issue.minimum}`, `Write ${issue.minimum} or more.`]
    case 'too_big': {
      const unit = { array: ' entries', string: ' characters' }[issue.origin as string] ?? ''
      return [`more than ${issue.maximum}${unit}`, `Keep to ${issue.maximum}${unit} at most.`]
    }
    default:
      return [issue.message, `Correct it; ${guide}.`]
  }
}

const NOUNS: Readonly<Record<string, readonly [noun: string, remedy: string]>> = {
  string: ['text', 'Write text.'],
  number: ['a number', 'Write a number, without quotes or unit.'],
  int: ['a whole number', 'Write a whole number, without quotes or unit.'],
  array: ['a list', 'Write a list: each entry on its own line after "- ".'],
  object: ['a map of keys', 'Write keys with values below it.'],
  record: ['a map of keys', 'Write keys with values below it.'],
}

/** YAML reads 1.30 as the number 1.3: what stands in the file is shown, not what it became. */
function wrongType(expected: string, value: unknown, written: string | undefined): [message: string, remedy: string] {
  const [noun, remedy] = NOUNS[expected] ?? [expected, 'Correct it.']
  const isPlain = written !== undefined && typeof value !== 'string'
  const advice = expected === 'string' && isPlain ? `Put it in quotes: "${written}".` : remedy
  return [`${isPlain ? written : shown(value)} is not ${noun}`, advice]
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      inner !== null && typeof inner === 'object' ? (inner as Record<string, unknown>)[part] : undefined,
    value,
  )
}
