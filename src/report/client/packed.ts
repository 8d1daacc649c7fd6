import type { View } from 'vega'
import type { TopLevelSpec } from 'vega-lite'
import { fromBase85, MARK_85 } from '../base85.ts'

/** More than any report holds; a file that unpacks to more is none. */
const MOST = 64 * 2 ** 20

/** Text that was packed by gzip and by base64, or by base 85 where it begins with the mark of that. */
export async function unpack(packed: string): Promise<string> {
  const letters = packed.trim()
  const bytes = letters.startsWith(MARK_85) ? fromBase85(letters) : bytesOf(letters)
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for (const reader = plain.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > MOST) throw new RangeError('more than a report holds')
    text += decoder.decode(value, { stream: true })
  }
}

/** Native where the browser has it: while letters are read one by one, the page waits. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  if ('fromBase64' in Uint8Array) return (Uint8Array as unknown as FromBase64).fromBase64(base64)
  const letters = atob(base64)
  // A loop: `Uint8Array.from` takes ten times as long.
  const bytes = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at)
  return bytes
}

interface FromBase64 {
  fromBase64(text: string): Uint8Array<ArrayBuffer>
}

/** Unpacks a script that stands in the page and runs it inline: the page's policy knows it by the hash of its plain text. */
export async function runPacked(id: string): Promise<void> {
  const script = document.createElement('script')
  script.textContent = await unpack(document.getElementById(id)?.textContent ?? '')
  document.head.append(script)
  script.remove()
}

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

/** What draws charts. It comes as a script of its own, since it is ten times as large as the rest. */
export interface Engine {
  /** Draws into the element. Expressions are interpreted: the page's policy allows no other way. */
  draw(spec: TopLevelSpec, element: HTMLElement): Promise<View>
}

/** The global by which the one script hands itself to the other. */
export const ENGINE = 'meshbenchEngine'
