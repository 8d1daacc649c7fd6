import envPaths from 'env-paths'
import { CATALOGUE, type Catalogue, type Target } from './catalogue.ts'

/** What may be given to the functions of this folder; each has a default. */
export interface About {
  /** Environment variables to look in and to give to child processes; this process's own by default. */
  readonly env?: NodeJS.ProcessEnv
  /** Where fetched programs are kept; the user's cache folder by default. */
  readonly cacheDir?: string
  /** Where programs come from; a site without internet access gives its own addresses. */
  readonly catalogue?: Catalogue
}

/** The same with the defaults filled in. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cacheDir: string
  readonly catalogue: Catalogue
  readonly target: Target
}

export function surroundings(about: About = {}): Surroundings {
  return {
    env: about.env ?? process.env,
    cacheDir: about.cacheDir ?? envPaths('meshbench', { suffix: '' }).cache,
    catalogue: about.catalogue ?? CATALOGUE,
    target: `${process.platform}-${process.arch}`,
  }
}
