/** More than any report holds; a file that unpacks to more is none. */
const MOST = 64 * 2 ** 20

/** Text that was packed by gzip and base64. */
export async function unpack(base64: string): Promise<string> {
  const plain = new Blob([bytesOf(base64.trim())]).stream().pipeThrough(new DecompressionStream('gzip'))
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

/** A loop: by `Uint8Array.from` it takes ten times as long, while the page waits. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const letters = atob(base64)
  const bytes = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at)
  return bytes
}
