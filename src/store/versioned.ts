import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
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

/**
 * The text of a file in a run's folder, which may be somebody else's: never of what a link names, and of nothing that is no
 * regular file, since a pipe may wait for ever and a device may have no end. Throws the system's error, or a TypeError.
 */
export function readOwnFile(path: string): string {
  return readPlainly(path, constants.O_NOFOLLOW ?? 0)
}

/** The text of a regular file, which a link may name. Throws the system's error, or a TypeError. */
export function readRegularFile(path: string): string {
  return readPlainly(path, 0)
}

/** Flags that a system lacks count as 0. Without waiting, since opening a pipe waits for its writer. */
function readPlainly(path: string, flags: number): string {
  const file = opened(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags)
  try {
    if (!fstatSync(file).isFile()) throw new TypeError('it is not a regular file')
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ELOOP' || code === 'EMLINK') throw new TypeError('it is a link, which may lead out of the folder')
    // A socket.
    if (code === 'ENXIO') throw new TypeError('it is not a regular file')
    throw error
  }
}
