/**
 * Bytes as letters: four bytes are five letters, where base64 takes five and a third. A page has a third of a megabyte of
 * packed script, and its size has a limit. No letter means anything in HTML.
 */
const ALPHABET = Array.from({ length: 91 }, (_, index) => String.fromCharCode(35 + index))
  .filter((letter) => !"&'<>\\`".includes(letter))
  .join('')
const BASE = 85

/** Begins such a text; base64 has no such letter. */
export const MARK_85 = '~'

/** Of the last group of fewer than four bytes, one letter more than its bytes is written. */
export function toBase85(bytes: Uint8Array): string {
  let text = MARK_85
  for (let at = 0; at < bytes.length; at += 4) {
    const group = bytes.subarray(at, at + 4)
    let value = 0
    for (let index = 0; index < 4; index++) value = value * 256 + (group[index] ?? 0)
    let letters = ''
    for (let index = 0; index < 5; index++) {
      letters = ALPHABET.charAt(value % BASE) + letters
      value = Math.floor(value / BASE)
    }
    text += letters.slice(0, group.length + 1)
  }
  return text
}

export function fromBase85(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128)
  for (let index = 0; index < BASE; index++) values[ALPHABET.charCodeAt(index)] = index
  const letters = text.length - MARK_85.length
  const whole = Math.floor(letters / 5) * 4
  const bytes = new Uint8Array(whole + Math.max(0, (letters % 5) - 1))
  for (let from = MARK_85.length, to = 0; from < text.length; from += 5, to += 4) {
    let value = 0
    // Beyond the end stands the highest letter, so that what is cut off rounds to the bytes that were there.
    for (let index = 0; index < 5; index++) {
      value = value * BASE + (from + index < text.length ? (values[text.charCodeAt(from + index)] ?? 0) : BASE - 1)
    }
    for (let index = 0; index < 4 && to + index < bytes.length; index++) {
      bytes[to + index] = Math.floor(value / 256 ** (3 - index)) % 256
    }
  }
  return bytes
}
