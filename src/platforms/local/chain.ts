import type { ProcessMesh, ProcessProxy, Settings } from '../../model/mesh.ts'
import { spiffeId } from './certificates.ts'
import { bootstrap, type LaneName, TUNNEL } from './envoy/bootstrap.ts'
import type { Address, Credentials } from './envoy/parts.ts'
import { type Envoy, startEnvoy } from './envoy/start.ts'

/** Addresses by lane. */
export type Lanes = ReadonlyMap<LaneName, Address>

export interface ChainOptions {
  readonly processes: ProcessMesh
  readonly settings: Settings
  /** The application's own addresses. */
  readonly application: Lanes
  readonly program: string
  readonly credentials: ReadonlyMap<string, Credentials>
  readonly env: Readonly<Record<string, string>>
  /** A folder for one proxy. */
  folder(proxy: string): Promise<string>
  /** CPUs for one proxy; any when absent. */
  cpus(proxy: ProcessProxy): string | undefined
}

/** A proxy that is up, with its place in the chain. */
export interface Link {
  readonly proxy: ProcessProxy
  readonly envoy: Envoy
}

/**
 * Starts the proxies of a chain, the one beside the application first, since each is told where the next one listens.
 * Yields each as soon as it runs, so that whoever started them can stop them; ends with where the first one listens.
 */
export async function* startChain(options: ChainOptions, signal: AbortSignal): AsyncGenerator<Link, Lanes> {
  const { proxies } = options.processes
  let next: Lanes = options.application
  for (const [index, proxy] of [...proxies.entries()].reverse()) {
    const envoy = await startEnvoy(
      {
        name: proxy.name,
        program: options.program,
        bootstrap: configure(options, index, proxy, next),
        concurrency: Number(options.settings['concurrency'] ?? 2),
        env: options.env,
        dir: await options.folder(proxy.name),
        cpus: options.cpus(proxy),
      },
      signal,
    )
    yield { proxy, envoy }
    next = new Map([...next.keys()].map((lane) => [lane, listenerOf(envoy, proxy, lane)]))
  }
  return next
}

function configure(options: ChainOptions, index: number, proxy: ProcessProxy, next: Lanes) {
  const { processes, settings, application, credentials } = options
  const own = credentials.get(proxy.identity)
  if (!own) throw new TypeError(`no certificate was made for ${proxy.identity}`)
  const before = processes.proxies[index - 1]
  const behind = processes.proxies[index + 1]
  const reader = processes.proxies.find(({ layer }) => layer === 'L7')
  return bootstrap({
    proxy,
    lanes: [...next].map(([name, address]) => {
      const target = application.get(name) ?? address
      return { name, next: address, authority: `${target.host}:${target.port}` }
    }),
    credentials: own,
    ...(before ? { previous: spiffeId(before.identity) } : {}),
    ...(behind ? { next: spiffeId(behind.identity) } : {}),
    accessLog: settings['accessLog'] === true,
    retries: proxy === reader ? Number(settings['retries'] ?? 0) : 0,
  })
}

function listenerOf(envoy: Envoy, proxy: ProcessProxy, lane: LaneName): Address {
  const address = envoy.listeners.get(proxy.accepts === 'hbone' ? TUNNEL : lane)
  if (!address) throw new TypeError(`${proxy.name} has no listener for ${lane}`)
  return address
}
