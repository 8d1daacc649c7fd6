import { existsSync, globSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, machine, release, totalmem, type } from 'node:os'
import type { Provenance } from '../model/result.ts'
import { virtualHint } from './virtual-hint.ts'

/** What of this machine bears on a measurement. Cores and memory are those that this process may use. */
export function machineProvenance(): Provenance['machine'] {
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
