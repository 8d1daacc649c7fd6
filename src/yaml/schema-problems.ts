import { z } from 'zod'
import { type FileKind, SCENARIO_FILE, type Source } from './source.ts'
import { type Finding, type Path, shown, suggest } from './yaml-finding.ts'

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
        ? unknownKeys(issue, kind)
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
function unknownKeys({ keys, path, message }: z.core.$ZodIssueUnrecognizedKeys, { absent = {} }: FileKind): Finding[] {
  return keys.map((key) => ({
    path: [...(path as Path), key],
    message: `unknown key ${shown(key)}`,
    remedy: insteadOf(key, message.split('\n'), absent),
    atKey: true,
  }))
}

function insteadOf(word: string, known: readonly string[], absent: NonNullable<FileKind['absent']>): string {
  const told = Object.hasOwn(absent, word) ? absent[word] : undefined
  return told ?? suggest(word, known)
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
  { guide, absent = {} }: FileKind,
): [message: string, remedy: string] {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value, written)
    case 'invalid_value':
      return [`${shown(value)} is not one of the choices`, insteadOf(String(value), issue.values.map(String), absent)]
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

/** What is left of a value of type T where anything in it may be written wrong: that is undefined. */
export type Tolerated<T> = T extends readonly (infer Item)[]
  ? readonly Tolerated<Item>[] | undefined
  : T extends object
    ? { readonly [Key in keyof T]: Tolerated<T[Key]> } | undefined
    : T | undefined

/**
 * The same schema, forgiving: what is wrong becomes undefined, what is absent still gets its default, and text keeps its
 * value whatever its form. It lets rules judge what is right beside what is wrong.
 */
export function tolerant<Schema extends z.ZodType>(schema: Schema): z.ZodType<Tolerated<z.output<Schema>>> {
  return forgiving(schema) as unknown as z.ZodType<Tolerated<z.output<Schema>>>
}

function forgiving(schema: z.core.$ZodType): z.ZodType {
  return inside(schema).optional().catch(undefined)
}

function inside(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodPrefault) return inside(schema.unwrap()).prefault(schema.def.defaultValue)
  if (schema instanceof z.ZodOptional) return inside(schema.unwrap()).optional()
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(inside))
  if (schema instanceof z.ZodArray) return z.array(forgiving(schema.element))
  if (schema instanceof z.ZodRecord) return z.record(z.string(), forgiving(schema.valueType))
  if (schema instanceof z.ZodString) return z.string()
  if (schema instanceof z.ZodObject) {
    return z.object(Object.fromEntries(Object.entries(schema.shape).map(([key, field]) => [key, forgiving(field)])))
  }
  return schema as z.ZodType
}
