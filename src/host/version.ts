import { readFileSync } from 'node:fs'

/** The version of this program, from its package.json: two folders up, from the sources as from `dist`. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  if (typeof manifest.version !== 'string') throw new TypeError('package.json has no version')
  return manifest.version
}
