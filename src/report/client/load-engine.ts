import { ENGINE, type Engine } from './engine-name.ts'
import { unpack } from './unpack.ts'

let loading: Promise<Engine> | undefined

/** Unpacked and run when the first chart needs it. It becomes an inline script, which the page's policy knows by its hash. */
export function loadEngine(): Promise<Engine> {
  loading ??= load()
  return loading
}

async function load(): Promise<Engine> {
  const text = await unpack(document.getElementById('engine')?.textContent ?? '')
  const script = document.createElement('script')
  script.textContent = text
  document.head.append(script)
  script.remove()
  const engine = (globalThis as { [ENGINE]?: Engine })[ENGINE]
  if (!engine) throw new Error('the page’s policy did not let its own drawing script run')
  return engine
}
