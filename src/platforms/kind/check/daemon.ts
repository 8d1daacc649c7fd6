import { isLoopback } from '../../../host/outgoing.ts'
import { Failure } from '../../../model/failure.ts'
import type { Finding } from '../../../model/platform.ts'
import { error, ok, warning } from '../../findings.ts'
import type { Docker, DockerInfo } from '../docker.ts'

/** The first Kubernetes whose kubelet refuses cgroup v1. */
const NEEDS_V2 = [1, 35] as const

/** The oldest Docker that knows cgroup v2. */
const OLDEST = 20

/** The daemon as it describes itself. Throws a Failure where it is another machine's, which is not even asked. */
export async function localDaemon(docker: Pick<Docker, 'endpoint' | 'info'>): Promise<DockerInfo> {
  const endpoint = await docker.endpoint()
  const address = endpoint && URL.canParse(endpoint.host) ? new URL(endpoint.host) : undefined
  if (endpoint && address && isDistant(address)) {
    const { protocol, host, username } = address
    const at = `${protocol}//${username ? `${username}@` : ''}${host}`
    throw new Failure('docker-elsewhere', `the Docker daemon is not on this machine: ${endpoint.named} is ${at}`, {
      cause:
        'The kind platform reaches its clusters by loopback, and measures them by the CPU and the kernel of this machine.',
      remedy: `${endpoint.named === 'DOCKER_HOST' ? 'unset DOCKER_HOST' : 'docker context use default'}; or run meshbench on the machine of that daemon.`,
    })
  }
  return await docker.info()
}

function isDistant({ protocol, hostname }: URL): boolean {
  if (protocol === 'ssh:') return true
  return ['tcp:', 'http:', 'https:'].includes(protocol) && !isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** The kernel of the Windows Subsystem for Linux: `5.15.167.4-microsoft-standard-WSL2`. */
export function isWsl(kernel: string): boolean {
  return /microsoft|wsl/i.test(kernel)
}

/** The daemon itself, and whether a node's kubelet will run under its cgroups. */
export function daemonFindings(info: DockerInfo, nodeImage: string): Finding[] {
  const { version, operatingSystem, rootless } = info
  const major = Number.parseInt(version, 10)
  const rights = rootless ? ' without root' : ''
  return [
    major < OLDEST
      ? warning(
          `Docker ${version} is old`,
          'kind is tested with Docker 20.10 and newer.',
          'Install a newer Docker Engine: https://docs.docker.com/engine/install/',
        )
      : ok(`Docker ${version}${rights} on ${operatingSystem}`),
    ...(rootless && info.cgroupVersion === 1 ? [rootlessOnV1()] : [cgroupFinding(info, nodeImage)]),
  ]
}

function rootlessOnV1(): Finding {
  return error(
    'Docker runs without root, and the host has cgroup v1',
    'Without root, kind needs cgroup v2.',
    'docker context use default',
  )
}

function cgroupFinding({ cgroupVersion, kernel }: DockerInfo, nodeImage: string): Finding {
  const remedy = isWsl(kernel) ? `${WSL_CGROUP_V2} Or: ${OLDER_KUBERNETES}` : OLDER_KUBERNETES
  if (cgroupVersion === 2) return ok('cgroup v2')
  const version = kubernetesOf(nodeImage)
  if (version === undefined) {
    return warning(
      'cgroup v1, and the Kubernetes version of the node image is not known',
      `${REFUSES_V1} ${nodeImage} has no version in its name.`,
      remedy,
    )
  }
  const [major, minor] = version
  if (major < NEEDS_V2[0] || (major === NEEDS_V2[0] && minor < NEEDS_V2[1])) {
    return ok(`cgroup v1, which Kubernetes ${major}.${minor} of the node image still takes`)
  }
  return error(`cgroup v1, and the node image has Kubernetes ${major}.${minor}`, REFUSES_V1, remedy)
}

const REFUSES_V1 =
  'From 1.35 on the kubelet refuses cgroup v1. A host with systemd has v2 once systemd.unified_cgroup_hierarchy=1 is on the command line of its kernel.'

const WSL_CGROUP_V2 =
  'In Windows, write kernelCommandLine = cgroup_no_v1=all under [wsl2] of .wslconfig, then: wsl --update && wsl --shutdown.'

const OLDER_KUBERNETES = `echo 'kind: { nodeImage: "kindest/node:v1.34.0" }' > site.yaml && export MESHBENCH_SITE="$PWD/site.yaml"`

/** `kindest/node:v1.35.8@sha256:…` → `1.35.8` */
export function kubernetesVersion(nodeImage: string): string | undefined {
  return /:v?(\d+\.\d+(?:\.\d+)?)(?:[@-]|$)/.exec(nodeImage)?.[1]
}

/** `kindest/node:v1.35.8@sha256:…` → 1.35 */
export function kubernetesOf(nodeImage: string): readonly [major: number, minor: number] | undefined {
  const found = /:v?(\d+)\.(\d+)(?:[.@-]|$)/.exec(nodeImage)
  return found ? [Number(found[1]), Number(found[2])] : undefined
}
