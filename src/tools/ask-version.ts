import type { Seconds } from '../model/units.ts'
import { call } from './call.ts'
import type { Recipe } from './catalogue.ts'

/** Generous: a virus scanner may read a large binary through before its first start. */
const LIMIT: Seconds = 10

/** The version that a program says it has. Throws an Error with the reason when it does not say one. */
export async function askVersion(
  path: string,
  recipe: Recipe,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const said = await call(path, recipe.ask.argv, { env, within: LIMIT, ...(signal ? { signal } : {}) })
  const version = recipe.ask.pattern.exec(said.trim())?.[1]
  if (version === undefined) throw new Error(`does not say its version, but “${said.trim().slice(0, 80)}”`)
  return version
}
