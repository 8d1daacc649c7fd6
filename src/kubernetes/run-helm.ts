import { join } from 'node:path'
import type { Seconds } from '../model/units.ts'
import { call } from '../tools/call.ts'

/** Which helm is run, and where it may keep its files. */
export interface Helm {
  /** The program's path. */
  readonly helm: string
  /** A folder that only we can read: for values and for helm's own files, so that the user's helm stays as it is. */
  readonly dir: string
  /** The process's own when absent. */
  readonly env?: NodeJS.ProcessEnv
}

const WITHIN: Seconds = 300

/** Throws an Error whose message is helm's reason. */
export async function runHelm(about: Helm, argv: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    return await call(about.helm, argv, { env: envOf(about), signal, within: WITHIN })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** The user's settings of helm would lead elsewhere; logins at registries are kept. */
function envOf({ env = process.env, dir }: Helm): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name === 'HELM_REGISTRY_CONFIG' || !/^(HELM_|KUBECONFIG$)/.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    HELM_CACHE_HOME: join(dir, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(dir, 'helm', 'config'),
    HELM_DATA_HOME: join(dir, 'helm', 'data'),
  }
}
