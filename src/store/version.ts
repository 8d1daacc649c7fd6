import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** The version of this program, from its package.json: two folders up, from the sources as from `dist`. */
export function version(): string {
  const path = new URL('../../package.json', import.meta.url)
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8'))).version
}
