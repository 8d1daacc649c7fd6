import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** Of content that comes in parts. */
export function sha256InParts(): Hash {
  return createHash('sha256')
}

/** In hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return sha256InParts().update(content).digest('hex')
}

/** Of a tree of JSON; the order of keys is part of it, layout is not. */
export function sha256OfJson(value: unknown): string {
  return sha256(JSON.stringify(value))
}

/** Of a file of any size. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = sha256InParts()
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
