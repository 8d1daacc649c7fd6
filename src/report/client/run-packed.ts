import { unpack } from './unpack.ts'

/** Unpacks a script that stands in the page and runs it inline: the page's policy knows it by the hash of its plain text. */
export async function runPacked(id: string): Promise<void> {
  const script = document.createElement('script')
  script.textContent = await unpack(document.getElementById(id)?.textContent ?? '')
  document.head.append(script)
  script.remove()
}
