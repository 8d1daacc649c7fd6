import type { Provenance } from './result.ts'

type Machine = Provenance['machine']

/** What makes two machines the same for a measurement, by the name that people read. Memory in whole GiB: the kernel keeps a varying rest. */
export function machineClass({ arch, cpu, cores, memoryBytes, governor, virtual }: Machine): Record<string, string> {
  return {
    architecture: arch,
    processor: cpu,
    cores: String(cores),
    memory: `${Math.round(memoryBytes / 1024 ** 3)} GiB`,
    'frequency governor': governor ?? 'not shown',
    virtualisation: virtual ?? 'none seen',
  }
}

/** The class in one line: equal for machines whose figures may be compared. */
export function machineClassText(machine: Machine): string {
  return Object.values(machineClass(machine)).join(', ')
}
