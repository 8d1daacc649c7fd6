import { join } from 'node:path'
import { call } from './call.ts'
import type { GoWay } from './catalogue.ts'
import type { Surroundings } from './surroundings.ts'
import { compareVersions } from './version.ts'

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
  { env }: Surroundings,
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
