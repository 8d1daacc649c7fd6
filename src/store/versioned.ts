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
  return `${issue?.path.join('.') || 'file'}: ${issue?.message}${more}`
}
