import type { Encryption } from '../../../model/mesh.ts'
import type { Finding } from '../../../model/platform.ts'
import { type Bytes, formatSize, type Seconds } from '../../../model/units.ts'
import { error, ok, warning } from '../../findings.ts'
import type { DockerInfo } from '../docker.ts'
import { isWsl } from './daemon.ts'
import type { Readers } from './readers.ts'

/** The answer of a busy daemon takes up to a second. */
const APART: Seconds = 2

/** A clock of WSL falls behind while Windows sleeps. */
const FIX_IN_WSL = 'sudo hwclock --hctosys; or, in Windows: wsl --shutdown'

/** `asked` and `answered`: this machine's clock before and after the daemon told its own. */
export async function clockFinding(
  { time, kernel }: DockerInfo,
  { clockIsSynchronised }: Pick<Readers, 'clockIsSynchronised'>,
  asked: Seconds,
  answered: Seconds,
): Promise<Finding> {
  const apart = time === undefined ? 0 : Math.max(asked - time, time - answered)
  if (apart > APART) {
    return warning(
      `the clock of Docker's machine is ${Math.round(apart)} s off`,
      'Certificates of a mesh may not be valid yet, and times in results do not fit together.',
      isWsl(kernel) ? FIX_IN_WSL : 'Restart Docker Desktop, or set the clock: sudo timedatectl set-ntp true',
    )
  }
  if ((await clockIsSynchronised()) === false) {
    return warning(
      'the clock follows no time server',
      'A clock that is put right by hand during a trial makes the trial invalid.',
      isWsl(kernel) ? FIX_IN_WSL : 'sudo timedatectl set-ntp true',
    )
  }
  return ok('clocks agree')
}

/** A node's volume held 0.9 to 1.6 GB, measured with the images of a mesh in it. */
const DISK_PER_NODE: Bytes = 1.5e9

/** Images on the host. */
const IMAGES: Bytes = 4e9

export async function diskFinding({ rootDir }: DockerInfo, { free }: Readers, nodes: number): Promise<Finding[]> {
  const there = await free(rootDir)
  if (there === undefined) return []
  const needed = nodes * DISK_PER_NODE + IMAGES
  if (there >= needed) return [ok(`${formatSize(there)} of disk at ${rootDir}, for ${formatSize(needed)}`)]
  const message = `${formatSize(there)} of disk at ${rootDir}, and ${nodes} nodes may need ${formatSize(needed)}`
  const cause = 'Nodes without space evict their pods.'
  const remedy = 'docker builder prune && docker image prune'
  return [there < needed / 2 ? error(message, cause, remedy) : warning(message, cause, remedy)]
}

/** An image that is not here yet. */
const UNKNOWN: Bytes = 150e6

/** The archives in which images are brought to the nodes: each is written once, and stays until all clusters are made. */
export async function archivesFinding(
  images: readonly string[],
  { docker, free, scratch: dir }: Pick<Readers, 'docker' | 'free' | 'scratch'>,
): Promise<Finding[]> {
  const there = await free(dir)
  if (there === undefined) return []
  const sizes = await Promise.all(images.map(async (name) => (await docker.image(name))?.size ?? UNKNOWN))
  const needed = sizes.reduce((sum, size) => sum + size, 0)
  if (there >= needed) return [ok(`${formatSize(there)} of disk at ${dir} for archives of images`)]
  return [
    error(
      `${formatSize(there)} of disk at ${dir}, and archives of images need ${formatSize(needed)}`,
      'Images that cannot be written there do not reach the nodes.',
      'Free some space there, or set TMPDIR to a folder with more.',
    ),
  ]
}

/** What kind advises for clusters of several nodes. */
const ADVISED = { watches: 524_288, instances: 512 }

/** A node had 22 instances and 230 watches, counted with a mesh and its workload; rounded up for more pods. */
const INOTIFY_PER_NODE = { watches: 1000, instances: 30 }

/** The host's own: a desktop holds some hundred instances. */
const HOST = { watches: 8192, instances: 128 }

/** Frozen nodes keep theirs. Containers count as the user that they run as: all of them as root. */
export async function inotifyFinding({ text }: Pick<Readers, 'text'>, nodes: number): Promise<Finding[]> {
  const read = async (name: string) => Number((await text(`/proc/sys/fs/inotify/${name}`)) ?? Number.NaN)
  const there = { watches: await read('max_user_watches'), instances: await read('max_user_instances') }
  if (Number.isNaN(there.watches) || Number.isNaN(there.instances)) return []
  const needed = {
    watches: HOST.watches + nodes * INOTIFY_PER_NODE.watches,
    instances: HOST.instances + nodes * INOTIFY_PER_NODE.instances,
  }
  const advised = {
    watches: Math.max(ADVISED.watches, needed.watches),
    instances: Math.max(ADVISED.instances, needed.instances),
  }
  const seen = `inotify: ${there.watches} watches, ${there.instances} instances`
  if (there.watches >= advised.watches && there.instances >= advised.instances) return [ok(seen)]
  const cause = `${nodes} nodes may need ${needed.instances} instances; without, pods fail with "too many open files".`
  const remedy = `sudo sysctl fs.inotify.max_user_watches=${advised.watches} fs.inotify.max_user_instances=${advised.instances}`
  const short = there.watches < needed.watches || there.instances < needed.instances
  return [short ? error(`${seen}: too few`, cause, remedy) : warning(`${seen}: fewer than kind advises`, cause, remedy)]
}

/** What the rules that send a pod's traffic through its proxy are made of, with either back end of iptables. */
const MODULES = [
  'nf_tables',
  'nft_compat',
  'xt_REDIRECT',
  'xt_owner',
  'xt_multiport',
  'xt_conntrack',
  'xt_mark',
  'xt_connmark',
]

/** Only as far as it can be told without root: nodes may find a module that we do not. */
export async function modulesFinding(
  { missingModules }: Pick<Readers, 'missingModules'>,
  encryptions: readonly Encryption[] = [],
): Promise<Finding[]> {
  const answer = await missingModules(encryptions.includes('wireguard') ? [...MODULES, 'wireguard'] : MODULES)
  if (answer === undefined) return []
  const { missing, kernel } = answer
  if (missing.length === 0) return [ok('kernel modules for the interception of traffic')]
  return [
    warning(
      `kernel modules that may be missing: ${missing.join(', ')}`,
      'Without them the rules that lead traffic into the proxies cannot be made, and pods of a mesh do not start.',
      isWsl(kernel)
        ? 'In Windows: wsl --update, then wsl --shutdown; or name a kernel of your own that has them, by kernel= under [wsl2] of .wslconfig.'
        : `sudo modprobe --all ${missing.join(' ')}; where it does not find them, install the kernel's other modules: linux-modules-extra-$(uname -r) on Ubuntu, kernel-modules-extra on Fedora.`,
    ),
  ]
}

/** kind gives each cluster's API server a free port of this range on loopback. */
export async function portsFinding({ text }: Pick<Readers, 'text'>): Promise<Finding[]> {
  const [first = Number.NaN, last = Number.NaN] = ((await text('/proc/sys/net/ipv4/ip_local_port_range')) ?? '')
    .trim()
    .split(/\s+/)
    .map(Number)
  if (Number.isNaN(first) || Number.isNaN(last)) return []
  if (first >= 1024 && last - first >= 1000) return [ok(`ports ${first} to ${last} for the API servers`)]
  return [
    warning(
      `local ports are taken from ${first} to ${last}`,
      first < 1024
        ? 'They reach into those of services, which they can clash with.'
        : 'So few can run out, and then no cluster can be made.',
      'sudo sysctl net.ipv4.ip_local_port_range="32768 60999"',
    ),
  ]
}
