import { z } from 'zod'
import { Failure } from '../../model/failure.ts'
import type { Bytes } from '../../model/units.ts'

/** The daemon as it describes itself. */
export interface DockerInfo {
  readonly version: string
  readonly cgroupVersion: 1 | 2
  /** What containers may use: of the virtual machine, where the daemon runs in one. */
  readonly cores: number
  readonly memory: Bytes
  readonly rootDir: string
  readonly rootless: boolean
  readonly operatingSystem: string
  readonly kernel: string
  /** As images name it: `amd64`, `arm64`. Empty where it is not told. */
  readonly architecture: string
  /** Mirrors of Docker Hub that the daemon pulls through. */
  readonly mirrors: readonly string[]
  /** Registries that the daemon takes without TLS, or with a certificate that nobody vouches for. */
  readonly insecure: readonly string[]
  /** The daemon's own proxies, in the words of the environment. */
  readonly proxies: Readonly<Record<'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY', string>>
  /** The daemon's clock, in seconds since the epoch; undefined where it tells none. */
  readonly time: number | undefined
}

export interface DockerImage {
  readonly id: string
  /** Names with a digest, of the registries it came from; none where it was built or loaded. */
  readonly digests: readonly string[]
  readonly size: Bytes
  readonly labels: Readonly<Record<string, string>>
  /** `amd64`, `arm64`; empty where it is not told. */
  readonly architecture: string
}

export interface Container {
  readonly id: string
  readonly name: string
  readonly image: string
  /** The CPUs that it was pinned to, as in `0-2`; empty where it may use all. */
  readonly cpus: string
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
  readonly labels: Readonly<Record<string, string>>
  /** Names of the volumes mounted in it. */
  readonly volumes: readonly string[]
  readonly networks: readonly string[]
  /** Of its first process, on the machine of the daemon; 0 while it does not run. */
  readonly pid: number
  /** RFC 3339. */
  readonly createdAt: string
  readonly startedAt: string
}

const labels = z.nullish(z.record(z.string(), z.string())).transform((value) => value ?? {})

const infoSchema = z
  .object({
    ServerVersion: z.string().min(1),
    CgroupVersion: z.string().optional(),
    NCPU: z.number(),
    MemTotal: z.number(),
    DockerRootDir: z.string(),
    SecurityOptions: z.nullish(z.array(z.string())),
    OperatingSystem: z.string(),
    KernelVersion: z.string(),
    SystemTime: z.string().optional(),
    Architecture: z.nullish(z.string()),
    HttpProxy: z.nullish(z.string()),
    HttpsProxy: z.nullish(z.string()),
    NoProxy: z.nullish(z.string()),
    RegistryConfig: z.nullish(
      z.object({
        Mirrors: z.nullish(z.array(z.string())),
        IndexConfigs: z.nullish(z.record(z.string(), z.object({ Secure: z.boolean().optional() }))),
      }),
    ),
  })
  .transform(
    (info): DockerInfo => ({
      version: info.ServerVersion,
      cgroupVersion: info.CgroupVersion === '2' ? 2 : 1,
      cores: info.NCPU,
      memory: info.MemTotal,
      rootDir: info.DockerRootDir,
      rootless: (info.SecurityOptions ?? []).some((option) => option.includes('rootless')),
      operatingSystem: info.OperatingSystem,
      kernel: info.KernelVersion,
      time: secondsOf(info.SystemTime),
      architecture: goArchitecture(info.Architecture ?? ''),
      mirrors: info.RegistryConfig?.Mirrors ?? [],
      insecure: Object.entries(info.RegistryConfig?.IndexConfigs ?? {}).flatMap(([name, { Secure }]) =>
        Secure === false ? [name] : [],
      ),
      proxies: {
        HTTP_PROXY: info.HttpProxy ?? '',
        HTTPS_PROXY: info.HttpsProxy ?? '',
        NO_PROXY: info.NoProxy ?? '',
      },
    }),
  )

const imageSchema = z
  .object({
    Id: z.string(),
    RepoDigests: z.nullish(z.array(z.string())),
    Size: z.number(),
    Architecture: z.nullish(z.string()),
    Config: z.nullish(z.object({ Labels: labels })),
  })
  .transform(
    (image): DockerImage => ({
      id: image.Id,
      digests: image.RepoDigests ?? [],
      size: image.Size,
      labels: image.Config?.Labels ?? {},
      architecture: image.Architecture ?? '',
    }),
  )

const containerSchema = z
  .object({
    Id: z.string(),
    Name: z.string(),
    Created: z.string(),
    Config: z.object({ Image: z.string(), Labels: labels }),
    State: z.object({
      Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
      Pid: z.number(),
      StartedAt: z.string(),
    }),
    Mounts: z.nullish(z.array(z.object({ Type: z.string(), Name: z.string().optional() }))),
    HostConfig: z.nullish(z.object({ CpusetCpus: z.string().optional() })),
    NetworkSettings: z.object({ Networks: z.nullish(z.record(z.string(), z.unknown())) }),
  })
  .transform(
    (container): Container => ({
      id: container.Id,
      name: container.Name.replace(/^\//, ''),
      image: container.Config.Image,
      cpus: container.HostConfig?.CpusetCpus ?? '',
      state: container.State.Status,
      labels: container.Config.Labels,
      volumes: (container.Mounts ?? []).flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : [])),
      networks: Object.keys(container.NetworkSettings.Networks ?? {}),
      pid: container.State.Pid,
      createdAt: container.Created,
      startedAt: container.State.StartedAt,
    }),
  )

export function infoFrom(stdout: string): DockerInfo {
  const said = parsed(stdout) as { host?: { buildahVersion?: string }; version?: { Version?: string } } | undefined
  if (said?.host?.buildahVersion !== undefined) throw notDocker(`podman ${said.version?.Version ?? ''}`.trim())
  const info = answer(stdout, infoSchema, 'docker info')
  // By its socket, podman answers in Docker's words, and keeps its images where podman does.
  if (/\/containers\/storage$/.test(info.rootDir)) throw notDocker(`podman ${info.version}`)
  return info
}

/** `engine`: what answers in place of Docker, with its version. */
export function notDocker(engine: string): Failure {
  return new Failure('docker-missing', `the docker command here is ${engine}, not Docker`, {
    cause:
      "meshbench's kind platform freezes, pins and fills its nodes by Docker's own commands, which others do not all have",
    remedy:
      'Put Docker Engine 20.10 or newer first on PATH (https://docs.docker.com/engine/install/), and unset DOCKER_HOST where it names a socket of another engine; or run with --platform local.',
  })
}

/** The errors of a daemon that docker info wraps in an answer. */
export function serverErrors(stdout: string): string | undefined {
  const said = parsed(stdout) as { ServerErrors?: unknown } | undefined
  return Array.isArray(said?.ServerErrors) && said.ServerErrors.length > 0 ? said.ServerErrors.join(' · ') : undefined
}

/** Platforms of a registry's answer, such as `linux/amd64`; none where it has one manifest alone, which names none. */
export function platformsFrom(stdout: string): string[] {
  const said = parsed(stdout) as { manifests?: { platform?: { os?: string; architecture?: string } }[] } | undefined
  const platforms = (said?.manifests ?? []).map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
  return [...new Set(platforms.filter((name) => /^[a-z]+\/[a-z0-9]+$/.test(name) && !name.includes('unknown')))]
}

/** The kernel's word for a processor → the word of Go and of images. */
function goArchitecture(machine: string): string {
  const words: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', i386: '386', i686: '386' }
  return words[machine] ?? machine.replace(/^armv[5-7].*/, 'arm')
}

function parsed(stdout: string): unknown {
  try {
    return JSON.parse(stdout) ?? undefined
  } catch {
    return undefined
  }
}

export function imagesFrom(stdout: string): DockerImage[] {
  return answer(stdout, z.array(imageSchema), 'docker image inspect')
}

export function containersFrom(stdout: string): Container[] {
  return answer(stdout, z.array(containerSchema), 'docker container inspect')
}

/** One name a line. */
export function namesFrom(stdout: string): string[] {
  return stdout.split('\n').filter((line) => line !== '')
}

const FACTORS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** The sum of lines such as `595.4MiB / 7.6GiB`. */
export function memoryFrom(stdout: string): Bytes {
  return namesFrom(stdout).reduce((sum, line) => {
    const [, amount, unit = ''] = /^([\d.]+)([KMGT]?i?B)/.exec(line.trim()) ?? []
    return sum + Number(amount ?? 0) * (FACTORS[unit] ?? 0)
  }, 0)
}

function answer<Schema extends z.ZodType>(stdout: string, schema: Schema, command: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(stdout))
  } catch (error) {
    const said = error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ') : error
    throw new Failure('docker', `${command} gave an answer that is not understood`, {
      cause: said,
      remedy: 'Check that `docker` on PATH is Docker 20.10 or newer.',
    })
  }
}

function secondsOf(time: string | undefined): number | undefined {
  const milliseconds = Date.parse(time ?? '')
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}
