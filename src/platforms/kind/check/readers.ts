import { access, readFile, statfs } from 'node:fs/promises'
import { release, tmpdir } from 'node:os'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import type { Finding, Leftover } from '../../../model/platform.ts'
import type { Bytes, Seconds } from '../../../model/units.ts'
import { clusterLeftovers, keptMemory } from '../cluster/cluster-leftovers.ts'
import { records } from '../cluster/cluster-record.ts'
import { type Docker, docker as realDocker } from '../docker.ts'
import { addressTrouble, type Examination, examineArms } from './remote-check.ts'

/** What a check looks at, so that tests can show it another machine. */
export interface Readers {
  readonly docker: Docker
  readonly os: NodeJS.Platform
  /** Release of this machine's kernel. */
  readonly kernel: string
  /** Where scratch folders are made. */
  readonly scratch: string
  /** Seconds since the epoch. */
  now(): Seconds
  /** A file's text; undefined where there is none that can be read. */
  text(path: string): Promise<string | undefined>
  /** Free space where a folder is; undefined where it cannot be seen. */
  free(dir: string): Promise<Bytes | undefined>
  /** The given kernel modules that are neither loaded nor loadable; undefined if unknown. */
  missingModules(names: readonly string[]): Promise<MissingModules | undefined>
  /** Whether the clock is synchronised with a time server; undefined if unknown. */
  clockIsSynchronised(): Promise<boolean | undefined>
  leftovers(): Promise<Leftover[]>
  /** Memory of kept clusters; undefined if unknown. */
  keptMemory(): Promise<Bytes | undefined>
  /** Whether there is a file or a folder. */
  exists(path: string): Promise<boolean>
  /** Why nothing can be had from an address; undefined where it can. */
  addressTrouble(address: string): Promise<string | undefined>
  /** What is wrong with the charts of arms; undefined where they cannot be rendered here yet. */
  examine(message: Examination): Promise<Finding[] | undefined>
}

interface MissingModules {
  readonly missing: readonly string[]
  /** Release of the kernel that they were looked for in. */
  readonly kernel: string
}

export function readersOf(docker: Docker = realDocker()): Readers {
  return {
    docker,
    os: process.platform,
    kernel: release(),
    scratch: tmpdir(),
    now: () => Date.now() / 1000,
    text: (path) => readFile(path, 'utf8').catch(() => undefined),
    free: async (dir) => {
      const found = await statfs(dir).catch(() => undefined)
      return found && found.bavail * found.bsize
    },
    missingModules,
    clockIsSynchronised: async () => {
      const said = (await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'])).stdout
      return said === 'yes' ? true : said === 'no' ? false : undefined
    },
    leftovers: () => clusterLeftovers(docker),
    keptMemory: () => keptMemory(docker, records()).catch(() => undefined),
    exists: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    addressTrouble,
    examine: examineArms,
  }
}

/**
 * A dry run of modprobe needs no rights. What is built into the kernel it knows only where the kernel's folder of modules is,
 * which is not so in many virtual machines and in WSL: there the kernel's own configuration tells, where it is shown.
 */
async function missingModules(names: readonly string[]): Promise<MissingModules | undefined> {
  const answers = await Promise.all(names.map((name) => ask('modprobe', ['--dry-run', name])))
  if (answers.some(({ code }) => code === undefined)) return undefined
  const failed = names.filter((_, index) => answers[index]?.code !== 0)
  const kernel = answers.map(({ stderr }) => /\/lib\/modules\/([^\s/]+)/.exec(stderr)?.[1]).find(Boolean) ?? release()
  const config = failed.length > 0 && kernel === release() ? await kernelConfig() : undefined
  return { missing: config === undefined ? failed : failed.filter((name) => !isBuiltIn(name, config)), kernel }
}

async function kernelConfig(): Promise<string | undefined> {
  const packed = await readFile('/proc/config.gz').catch(() => undefined)
  if (packed) return gunzipSync(packed).toString()
  return await readFile(`/boot/config-${release()}`, 'utf8').catch(() => undefined)
}

/** `xt_owner` is `CONFIG_NETFILTER_XT_MATCH_OWNER`, `xt_REDIRECT` is `CONFIG_NETFILTER_XT_TARGET_REDIRECT`. */
export function isBuiltIn(module: string, config: string): boolean {
  const word = module.replace(/^xt_/, '').toUpperCase()
  const names = module.startsWith('xt_')
    ? ['XT_', 'XT_MATCH_', 'XT_TARGET_'].map((kind) => `NETFILTER_${kind}${word}`)
    : [word]
  return names.some((name) => config.includes(`CONFIG_${name}=y\n`))
}

/** Administrators' programs are not on everybody's PATH. No exit code: it could not be run. */
async function ask(
  program: string,
  argv: readonly string[],
): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
  const { exitCode, stdout, stderr } = await execa(program, argv, {
    ...{ env, stdin: 'ignore', reject: false, timeout: 5000 },
  })
  return { code: exitCode, stdout: stdout.trim(), stderr }
}
