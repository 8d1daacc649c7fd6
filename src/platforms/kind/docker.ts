import type { Readable } from 'node:stream'
import { ExecaError, execa } from 'execa'
import { Failure } from '../../model/failure.ts'
import type { Bytes, Seconds } from '../../model/units.ts'
import {
  type Container,
  containersFrom,
  type DockerImage,
  type DockerInfo,
  imagesFrom,
  infoFrom,
  memoryFrom,
  namesFrom,
  notDocker,
  platformsFrom,
  serverErrors,
} from './docker-answers.ts'

/** The docker command line, typed. A call that fails throws a Failure whose cause is docker's reason in one line. */
export interface Docker {
  /** The address of the daemon and its source, without contacting it. Undefined if unknown. */
  endpoint(): Promise<Endpoint | undefined>
  /** The daemon as it describes itself. */
  info(): Promise<DockerInfo>
  /** An image that is here; undefined where it is not. */
  image(name: string): Promise<DockerImage | undefined>
  /**
   * Asks the registry for an image without fetching it; throws with the registry's reason where it has none. The answer is the
   * platforms it is there for, as far as the registry tells. It is the command that asks, past the daemon's mirrors and proxies.
   */
  offered(name: string, within?: Seconds): Promise<readonly string[]>
  pull(name: string): Promise<void>
  /** Writes images into one archive that containerd can import. */
  save(names: readonly string[], file: string): Promise<void>
  /** Containers in any state that carry the labels: `key` or `key=value`. */
  containers(labels: readonly string[]): Promise<Container[]>
  /** Containers by name or id; those that do not exist are left out. */
  inspect(names: readonly string[]): Promise<Container[]>
  /** Gives an image one more name. */
  tag(name: string, as: string): Promise<void>
  /** Removes a name of an image, and the image with its last name. */
  removeImage(name: string): Promise<void>
  /** What containers that run or are paused have in memory, all together. */
  memory(names: readonly string[]): Promise<Bytes>
  pause(names: readonly string[]): Promise<void>
  unpause(names: readonly string[]): Promise<void>
  /** Runs a program within a container and gives its standard output; throws where its exit code is not 0. */
  exec(container: string, argv: readonly string[], options?: ExecOptions): Promise<string>
  /** With their anonymous volumes, running or not; those that do not exist are no error. */
  remove(containers: readonly string[]): Promise<void>
  /** Names of volumes that carry the labels. */
  volumes(labels: readonly string[]): Promise<string[]>
  /** Names of networks that carry the labels; all when none is given. */
  networks(labels: readonly string[]): Promise<string[]>
  /** Gives containers these CPUs and no others. */
  pin(names: readonly string[], cpus: string): Promise<void>
  removeVolumes(names: readonly string[]): Promise<void>
  removeNetworks(names: readonly string[]): Promise<void>
}

export interface Endpoint {
  /** `unix:///var/run/docker.sock`, `ssh://user@host` */
  readonly host: string
  /** `DOCKER_HOST`, `the docker context remote` */
  readonly named: string
}

interface ExecOptions {
  /** What it reads on its standard input. */
  readonly input?: string | Readable
  readonly within?: Seconds
}

interface DockerAbout {
  /** Ends a call that is under way. A teardown gives none. */
  readonly signal?: AbortSignal
  readonly env?: NodeJS.ProcessEnv
}

/** Questions and small changes; what moves images has longer. */
const QUICK: Seconds = 30
const REMOVAL: Seconds = 120
const TRANSFER: Seconds = 1800
const ARCHIVE: Seconds = 600
/** Room for the largest answer there is: metrics read through `exec`. */
const MOST_OUTPUT: Bytes = 256 * 1024 ** 2

export function docker(about: DockerAbout = {}): Docker {
  const call = (argv: readonly string[], options: CallOptions = {}) => callDocker(argv, options, about)
  const forEach = async (argv: readonly string[], names: readonly string[], within = QUICK) => {
    if (names.length > 0) await call([...argv, ...names], { within })
  }
  const inspect = async (names: readonly string[]) =>
    names.length === 0 ? [] : containersFrom(await call(['container', 'inspect', ...names], { absent: true }))
  const listed = async (argv: readonly string[], labels: readonly string[]) =>
    namesFrom(await call([...argv, ...labels.flatMap((label) => ['--filter', `label=${label}`])]))
  return {
    endpoint: () => endpointOf(call, about.env ?? process.env),
    info: () => askInfo(call),
    ...imageCalls(call),
    containers: async (labels) => inspect(await listed(['ps', '--all', '--quiet', '--no-trunc'], labels)),
    inspect,
    memory: async (names) =>
      names.length === 0 ? 0 : memoryFrom(await call(['stats', '--no-stream', '--format', '{{.MemUsage}}', ...names])),
    pause: (names) => forEach(['pause'], names),
    unpause: (names) => forEach(['unpause'], names),
    exec: (container, argv, { input, within = QUICK } = {}) =>
      call(['exec', ...(input === undefined ? [] : ['--interactive']), container, ...argv], { input, within }),
    remove: (names) => forEach(['rm', '--force', '--volumes'], names, REMOVAL),
    volumes: (labels) => listed(['volume', 'ls', '--quiet'], labels),
    pin: (names, cpus) => forEach(['update', `--cpuset-cpus=${cpus}`], names),
    networks: (labels) => listed(['network', 'ls', '--format', '{{.Name}}'], labels),
    removeVolumes: (names) => forEach(['volume', 'rm', '--force'], names),
    removeNetworks: (names) => forEach(['network', 'rm'], names),
  }
}

type Call = (argv: readonly string[], options?: CallOptions) => Promise<string>

function imageCalls(call: Call): Pick<Docker, 'image' | 'offered' | 'pull' | 'save' | 'tag' | 'removeImage'> {
  return {
    image: async (name) => imagesFrom(await call(['image', 'inspect', name], { absent: true }))[0],
    offered: async (name, within = QUICK) => platformsFrom(await call(['manifest', 'inspect', name], { within })),
    pull: async (name) => void (await call(['pull', '--quiet', name], { within: TRANSFER })),
    save: async (names, file) => void (await call(['save', '--output', file, ...names], { within: ARCHIVE })),
    tag: async (name, as) => void (await call(['tag', name, as])),
    removeImage: async (name) => void (await call(['image', 'rm', name], { within: REMOVAL })),
  }
}

async function endpointOf(call: Call, env: NodeJS.ProcessEnv): Promise<Endpoint | undefined> {
  const host = env['DOCKER_HOST']
  if (host) return { host, named: 'DOCKER_HOST' }
  const argv = ['context', 'inspect', '--format', '{{.Name}} {{.Endpoints.docker.Host}}']
  // An old or another docker may have no contexts: then the daemon is where it always is.
  const [name, at] = (await call(argv, { within: 10 }).catch(() => '')).trim().split(/\s+/)
  return name && at ? { host: at, named: `the docker context ${name}` } : undefined
}

/** Another engine that goes by the name of docker is told by its version where its answer is not Docker's. */
async function askInfo(call: Call): Promise<DockerInfo> {
  const said = await call(['info', '--format', '{{json .}}'])
  try {
    return infoFrom(said)
  } catch (error) {
    const version = (await call(['--version'], { within: 10 }).catch(() => '')).trim().split('\n')[0] ?? ''
    const [, engine, number = ''] = /^(\w+) version v?([\w.]+)/i.exec(version) ?? []
    if (engine !== undefined && engine.toLowerCase() !== 'docker') throw notDocker(`${engine} ${number}`.trim())
    throw error
  }
}

/** Nothing of the user's own settings decides which platform an image is of: all arms run on the daemon's own. */
export function dockerEnvironment({ DOCKER_DEFAULT_PLATFORM: _, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env
}

interface CallOptions {
  readonly within?: Seconds
  readonly input?: string | Readable | undefined
  /** That a thing does not exist is an answer: what was printed of the others counts. */
  readonly absent?: boolean
}

async function callDocker(argv: readonly string[], options: CallOptions, about: DockerAbout): Promise<string> {
  const { within = QUICK, input, absent = false } = options
  about.signal?.throwIfAborted()
  try {
    const { stdout } = await execa('docker', argv, {
      env: dockerEnvironment(about.env ?? process.env),
      extendEnv: false,
      ...(about.signal === undefined ? {} : { cancelSignal: about.signal }),
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      timeout: within * 1000,
      forceKillAfterDelay: 2000,
      maxBuffer: MOST_OUTPUT,
    })
    const refused = argv[0] === 'info' ? serverErrors(stdout) : undefined
    if (refused !== undefined) throw unreachable(argv, refused)
    return stdout
  } catch (error) {
    about.signal?.throwIfAborted()
    if (!(error instanceof ExecaError)) throw error
    if (absent && /no such/i.test(String(error.stderr))) return String(error.stdout)
    throw dockerFailure(argv, error, within)
  }
}

/** Words that another one follows to make a command. */
const GROUPS = new Set(['image', 'container', 'volume', 'network', 'manifest'])

function dockerFailure(argv: readonly string[], error: ExecaError, within: Seconds): Failure {
  if (error.code === 'ENOENT') {
    return new Failure('docker-missing', 'the docker command is not on this machine', {
      remedy: 'Install Docker Engine (https://docs.docker.com/engine/install/), or run with --platform local.',
    })
  }
  const cause = error.timedOut
    ? `no answer within ${within} s`
    : (serverErrors(String(error.stdout)) ?? reasonOf(error))
  if (error.timedOut && argv[0] === 'info') {
    const remedy = 'Restart it: sudo systemctl restart docker (Linux), or Docker Desktop.'
    return new Failure('docker-unreachable', 'the Docker daemon does not answer', { cause, remedy })
  }
  return unreachable(argv, cause)
}

function unreachable(argv: readonly string[], cause: string): Failure {
  const command = argv.slice(0, GROUPS.has(argv[0] ?? '') ? 2 : 1).join(' ')
  if (/permission denied.*docker.*sock|dial unix.*permission denied/i.test(cause)) {
    const remedy = 'Join the group that may use Docker, then log in again: sudo usermod -aG docker "$USER"'
    return new Failure('docker-unreachable', 'this user may not use the Docker daemon', { cause, remedy })
  }
  if (/cannot connect to the docker daemon|is the docker daemon running|failed to connect to the docker/i.test(cause)) {
    const remedy = 'Start it: sudo systemctl start docker (Linux), or open Docker Desktop.'
    return new Failure('docker-unreachable', 'the Docker daemon does not answer', { cause, remedy })
  }
  return new Failure('docker', `docker ${command} failed`, { cause })
}

/** Docker's own reason, in one line. */
function reasonOf({ stderr, stdout, shortMessage }: ExecaError): string {
  const said = [stderr, stdout]
    .map((text) => String(text ?? '').trim())
    .find((text) => text !== '' && !text.startsWith('{') && !text.startsWith('['))
  const lines = (said ?? '')
    .split('\n')
    .map((line) => line.trim().replace(/^(Error response from daemon|error|ERROR): /, ''))
    .filter((line) => line !== '' && !/^See ['"]docker/.test(line))
  return lines.slice(-3).join(' · ').slice(-400) || shortMessage
}

export type { Container, DockerInfo } from './docker-answers.ts'
