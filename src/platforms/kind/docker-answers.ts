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
  /** The daemon's clock, in seconds since the epoch; undefined where it tells none. */
  readonly time: number | undefined
}

export interface DockerImage {
  readonly id: string
  /** Names with a digest, of the registries it came from; none where it was built or loaded. */
  readonly digests: readonly string[]
  readonly size: Bytes
  readonly labels: Readonly<Record<string, string>>
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
    }),
  )

const imageSchema = z
  .object({
    Id: z.string(),
    RepoDigests: z.nullish(z.array(z.string())),
    Size: z.number(),
    Config: z.nullish(z.object({ Labels: labels })),
  })
  .transform(
    (image): DockerImage => ({
      id: image.Id,
      digests: image.RepoDigests ?? [],
      size: image.Size,
      labels: image.Config?.Labels ?? {},
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
  return answer(stdout, infoSchema, 'docker info')
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
      fix: 'Check that `docker` on PATH is Docker 20.10 or newer.',
    })
  }
}

function secondsOf(time: string | undefined): number | undefined {
  const milliseconds = Date.parse(time ?? '')
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}
