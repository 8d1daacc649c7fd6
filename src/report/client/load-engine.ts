import { ENGINE, type Engine } from './engine-name.ts'
import { runPacked } from './run-packed.ts'

let loading: Promise<Engine> | undefined

/** Unpacked and run when the first chart needs it. It becomes an inline script, which the page's policy knows by its hash. */
export function loadEngine(): Promise<Engine> {
  loading ??= load()
  return loading
}

async function load(): Promise<Engine> {
  await runPacked('engine')
  const engine = (globalThis as { [ENGINE]?: Engine })[ENGINE]
  if (!engine) throw new Error('the page’s policy did not let its own drawing script run')
  return engine
}
