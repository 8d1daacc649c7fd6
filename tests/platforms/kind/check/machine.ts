import { readFileSync } from 'node:fs'
import { Failure } from '../../../../src/model/failure.ts'
import type { Readers } from '../../../../src/platforms/kind/check/readers.ts'
import type { Docker, DockerInfo, Endpoint } from '../../../../src/platforms/kind/docker.ts'
import { infoFrom } from '../../../../src/platforms/kind/docker-answers.ts'

const CAPTURED = infoFrom(readFileSync('tests/captured/docker/info.json', 'utf8'))

export interface Machine {
  readonly info?: Partial<DockerInfo>
  /** Files by path, in place of a good machine's. */
  readonly files?: Readonly<Record<string, string>>
  /** Images that are here: all, none, or those of a test. */
  readonly here?: (image: string) => boolean
  /** Why a registry does not have an image. */
  readonly refused?: (image: string) => string | undefined
  readonly readers?: Partial<Readers>
  readonly dockerDown?: Failure
  readonly endpoint?: Endpoint
  /** The processor that an image is for. */
  readonly architectureOf?: (image: string) => string
  /** Of every image that a registry has. */
  readonly platforms?: readonly string[]
}

/** A machine on which everything is well, but for what is said; `asked` are the images that registries were asked for. */
export function machine(about: Machine = {}) {
  const { info, files, here = () => true, refused, readers, dockerDown, endpoint } = about
  const { architectureOf = () => 'amd64', platforms = [] } = about
  const known: DockerInfo = { ...CAPTURED, cgroupVersion: 2, cores: 8, time: 1000, ...info }
  const asked: string[] = []
  const docker: Pick<Docker, 'endpoint' | 'info' | 'image' | 'offered'> = {
    endpoint: async () => endpoint,
    info: () => (dockerDown ? Promise.reject(dockerDown) : Promise.resolve(known)),
    image: async (name) =>
      here(name) ? { id: 'sha256:0', digests: [], size: 1, labels: {}, architecture: architectureOf(name) } : undefined,
    offered: async (name) => {
      asked.push(name)
      const cause = refused?.(name)
      if (cause) throw new Failure('docker', 'docker manifest inspect failed', { cause: cause })
      return platforms
    },
  }
  const present: Record<string, string> = {
    '/proc/meminfo': 'MemTotal: 24684096 kB\nMemAvailable:   20971520 kB\n',
    '/proc/sys/fs/inotify/max_user_watches': '1048576\n',
    '/proc/sys/fs/inotify/max_user_instances': '8192\n',
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
    ...files,
  }
  const all: Readers = {
    docker: docker as Docker,
    os: 'linux',
    kernel: known.kernel,
    scratch: '/tmp',
    now: () => 1000,
    text: async (path) => present[path],
    free: async () => 200e9,
    missingModules: async () => ({ missing: [], kernel: known.kernel }),
    clockIsSynchronised: async () => true,
    leftovers: async () => [],
    keptMemory: async () => undefined,
    exists: async () => true,
    addressTrouble: async () => undefined,
    examine: async () => [],
    ...readers,
  }
  return { readers: all, asked }
}
