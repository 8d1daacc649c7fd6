import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { connectionReason, download, downloadTrouble } from '../host/outgoing.ts'
import { call } from './call.ts'
import type { ReleaseWay, Target } from './catalogue.ts'
import type { Surroundings } from './surroundings.ts'

/** Why a release cannot be used; undefined when it can. Nothing is run that cannot be checked first. */
export function whyNotRelease(way: ReleaseWay, target: Target): string | undefined {
  const wanted = way.files[target]
  if (!wanted) return `its publisher has none for ${target}`
  if (way.checksums) return undefined
  return `its publisher gives no checksum, so that ${way.base}${wanted.name} cannot be checked`
}

/** Downloads the publisher's file, checks it against the published checksum, unpacks it and gives the program's path. */
export async function downloadRelease(
  way: ReleaseWay,
  scratch: string,
  { env, target }: Surroundings,
  signal: AbortSignal,
): Promise<string> {
  const wanted = way.files[target]
  if (!wanted || !way.checksums) throw new Error(whyNotRelease(way, target))
  const list = await (await get(way.base + way.checksums(wanted.name), env, signal)).text()
  const expected = checksumOf(list, wanted.name)
  if (expected === undefined) throw new Error(`the published checksums do not list ${wanted.name}`)

  const file = join(scratch, wanted.name)
  const found = await save(await get(way.base + wanted.name, env, signal), file, signal)
  if (found !== expected) throw new Error(`SHA-256 of ${wanted.name} is ${found}, not ${expected} as published`)
  if (wanted.member === undefined) return file
  // Every target whose file is a .zip has a tar that reads these too.
  await call('tar', ['-xf', wanted.name, wanted.member], { env, cwd: scratch, signal })
  return join(scratch, wanted.member)
}

/** Reads `<sha256>  <name>` lines; `*` marks a binary, a folder before the name is left out. */
function checksumOf(list: string, name: string): string | undefined {
  for (const [, sum, file] of list.matchAll(/^([0-9a-f]{64})\s+\*?(?:\S*\/)?(\S+)\s*$/gim)) {
    if (file === name) return sum?.toLowerCase()
  }
  return undefined
}

async function get(address: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Response> {
  const answer = await download(address, { signal }, env).catch((error: Error) => {
    const { why, fix } = downloadTrouble(address, error, env)
    throw new Error(`${address}: ${why} (${fix.replace(/\.$/, '')})`, { cause: error })
  })
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`.trim())
  return answer
}

/** Writes a body to a file and gives its SHA-256. */
async function save(answer: Response, file: string, signal: AbortSignal): Promise<string> {
  if (!answer.body) throw new Error(`${answer.url}: empty answer`)
  const hash = createHash('sha256')
  try {
    await pipeline(
      answer.body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          yield chunk
        }
      },
      createWriteStream(file),
      { signal },
    )
  } catch (error) {
    throw new Error(`${answer.url}: the download broke off (${connectionReason(error)})`, { cause: error })
  }
  return hash.digest('hex')
}
