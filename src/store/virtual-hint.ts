/** What the kernel shows of what it runs on. */
export interface Signs {
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
