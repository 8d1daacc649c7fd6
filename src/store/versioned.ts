import { z } from 'zod'

/** How a file of each schema number becomes today's shape. A number that was ever written stays in its table. */
export type Readers<T> = Readonly<Record<number, (data: unknown) => T>>

const numbered = z.object({ schema: z.int().positive() })

/** Reads JSON by the schema number that it bears. */
export function readVersioned<T>(readers: Readers<T>, text: string): T {
  const data: unknown = JSON.parse(text)
  const { schema } = numbered.parse(data)
  const reader = readers[schema]
  if (reader) return reader(data)
  const newest = Math.max(...Object.keys(readers).map(Number))
  throw new TypeError(`made by a newer meshbench (schema ${schema}; this one reads up to ${newest})`)
}

/** Why a file could not be read, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return `not JSON, or only a part of it: ${error.message}`
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error)
  const [issue] = error.issues
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : ''
  return `${issue?.path.join('.') || 'the file'}: ${issue ? words(issue) : 'not as it was written'}${more}`
}

/** What types are called in a file, for whoever does not know the language. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  nan: 'no number',
  array: 'a list',
  tuple: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  boolean: 'true or false',
  null: 'null',
}

/** The library says what is wrong in the words of the language: "expected record, received undefined". */
function words(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const received = /received (\w+)/.exec(issue.message)?.[1]?.toLowerCase()
      const expected = NOUNS[issue.expected] ?? issue.expected
      if (received === 'undefined') return 'it is missing'
      return received === undefined ? `it is not ${expected}` : `it is ${NOUNS[received] ?? received}, not ${expected}`
    }
    case 'invalid_value':
      return `it is none of ${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return 'it is nothing of what it may be'
    case 'too_small':
      if (issue.origin === 'array') return 'the list is empty'
      return `it is not ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  }
}
