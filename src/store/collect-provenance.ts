import { existsSync, globSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, machine, release, totalmem, type } from 'node:os'
import { execa } from 'execa'
import { version } from '../host/version.ts'
import type { Provided } from '../model/platform.ts'
import type { Provenance } from '../model/result.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'

interface Circumstances {
  readonly platform: string
  readonly provided: Provided
  /** The command line, from the program's own name on. */
  readonly argv: readonly string[]
  readonly cwd: string
}

/** What a reader needs to judge and to repeat a run: taken before its first trial. */
export async function collectProvenance({ platform, provided, argv, cwd }: Circumstances): Promise<Provenance> {
  const git = await gitProvenance(cwd)
  return {
    meshbench: version(),
    node: process.version,
    commandLine: [...argv],
    ...(git === undefined ? {} : { git }),
    machine: machineProvenance(),
    platform,
    ...(provided.caveat === undefined ? {} : { caveat: provided.caveat }),
    tools: [...provided.tools],
  }
}

/** The commit of the working directory, and whether tracked files differ from it. Undefined outside a repository, or without git. */
export async function gitProvenance(cwd: string): Promise<Provenance['git']> {
  const git = (...args: string[]) =>
    // Without optional locks, `status` writes nothing into somebody's repository.
    execa('git', args, { cwd, reject: false, timeout: 10_000, env: { GIT_OPTIONAL_LOCKS: '0' } })
  const [head, status] = await Promise.all([
    git('rev-parse', '--verify', 'HEAD'),
    git('status', '--porcelain', '--untracked-files=no'),
  ])
  if (head.exitCode !== 0 || status.exitCode !== 0) return undefined
  return { commit: head.stdout, dirty: status.stdout !== '' }
}

/** Whether git tracks the run in this folder, as it does the examples of a checkout. */
export async function isTracked(dir: string): Promise<boolean> {
  const asked = await execa('git', ['ls-files', '--error-unmatch', RUN_FOLDER.run], { cwd: dir, reject: false })
  return asked.exitCode === 0
}

/** What of this machine bears on a measurement. Cores and memory are those that this process may use. */
function machineProvenance(): Provenance['machine'] {
  const governor = governors()
  const virtual = virtualHint({
    cpuinfo: read('/proc/cpuinfo'),
    vendor: read('/sys/class/dmi/id/sys_vendor'),
    product: read('/sys/class/dmi/id/product_name'),
    kernel: release(),
    container: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
  })
  // 0 or a huge number where there is no limit.
  const limit = process.constrainedMemory()
  return {
    os: /^PRETTY_NAME="?([^"\n]+)/m.exec(read('/etc/os-release'))?.[1] ?? type(),
    kernel: release(),
    arch: machine(),
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
    ...(governor === '' ? {} : { governor }),
    ...(virtual === undefined ? {} : { virtual }),
    load: loadavg()[0] ?? 0,
  }
}

/** The frequency governors in force, each once; empty where the kernel shows none, as in most virtual machines. */
function governors(): string {
  const files = globSync('/sys/devices/system/cpu/cpufreq/policy*/scaling_governor')
  return [...new Set(files.map(read))].sort().join(', ')
}

/** What a file of the kernel says; empty where it is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** What the kernel shows of what it runs on. */
interface Signs {
  readonly cpuinfo: string
  readonly vendor: string
  readonly product: string
  readonly kernel: string
  readonly container: boolean
}

/** Makers of virtual machines, as they call themselves in DMI. */
const MAKERS =
  /QEMU|KVM|VMware|VirtualBox|innotek|Xen|Parallels|Bochs|BHYVE|Virtual Machine|Amazon EC2|Google|OpenStack/i

/** What stands between this process and the hardware, in a few words; undefined where nothing shows. */
export function virtualHint({ cpuinfo, vendor, product, kernel, container }: Signs): string | undefined {
  const name = [vendor, product].filter(Boolean).join(' ')
  const parts = [
    /microsoft/i.test(kernel) ? 'WSL' : machineHint(name, /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo)),
    container ? 'container' : undefined,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join(', ')
}

function machineHint(name: string, hypervisor: boolean): string | undefined {
  // Bare metal of a cloud bears its maker's name too, so where the processor can tell, it decides.
  if (hypervisor) return name === '' ? 'virtual machine' : `virtual machine (${name})`
  return MAKERS.test(name) && !/metal/i.test(name) ? `virtual machine (${name})` : undefined
}
