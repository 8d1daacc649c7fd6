import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeAuthority } from '../../host/authority.ts'
import type { ProcessMesh, ProcessProxy, Settings } from '../../model/mesh.ts'
import type { Load, Protocol } from '../../model/scenario.ts'
import { bootstrap, type EndpointName, TUNNEL } from './envoy/envoy-bootstrap.ts'
import type { Address, Credentials } from './envoy/envoy-parts.ts'
import { type Envoy, startEnvoy } from './envoy/start-envoy.ts'

/** Addresses by endpoint. */
export type Endpoints = ReadonlyMap<EndpointName, Address>

interface ChainOptions {
  readonly processes: ProcessMesh
  readonly settings: Settings
  /** The application's own addresses. */
  readonly application: Endpoints
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
export async function* startChain(options: ChainOptions, signal: AbortSignal): AsyncGenerator<Link, Endpoints> {
  const { proxies } = options.processes
  let next: Endpoints = options.application
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
    next = new Map([...next.keys()].map((endpoint) => [endpoint, listenerOf(envoy, proxy, endpoint)]))
  }
  return next
}

function configure(options: ChainOptions, index: number, proxy: ProcessProxy, next: Endpoints) {
  const { processes, settings, application, credentials } = options
  const own = credentials.get(proxy.identity)
  if (!own) throw new TypeError(`no certificate was made for ${proxy.identity}`)
  const before = processes.proxies[index - 1]
  const behind = processes.proxies[index + 1]
  const reader = processes.proxies.find(({ layer }) => layer === 'L7')
  return bootstrap({
    proxy,
    endpoints: [...next].map(([name, address]) => {
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

function listenerOf(envoy: Envoy, proxy: ProcessProxy, endpoint: EndpointName): Address {
  const address = envoy.listeners.get(proxy.accepts === 'hbone' ? TUNNEL : endpoint)
  if (!address) throw new TypeError(`${proxy.name} has no listener for ${endpoint}`)
  return address
}

/** The name that a proxy is known by: what its peers check. */
export function spiffeId(identity: string): string {
  return `spiffe://meshbench.local/${identity}`
}

/** One certificate for each identity, under an authority made for this run; the authority's key is never written. */
export async function issueCertificates(
  identities: readonly string[],
  dir: string,
): Promise<ReadonlyMap<string, Credentials>> {
  const authority = await makeAuthority({ name: 'meshbench run authority', depth: 0 })
  const authorityFile = join(dir, 'authority.pem')
  await writeFile(authorityFile, authority.pem, { mode: 0o600 })
  const issued = identities.map(async (identity): Promise<[string, Credentials]> => {
    const leaf = await authority.leaf(spiffeId(identity))
    const files = { certificate: join(dir, `${identity}.pem`), key: join(dir, `${identity}.key`) }
    await writeFile(files.certificate, leaf.certificate, { mode: 0o600 })
    await writeFile(files.key, leaf.key, { mode: 0o600 })
    return [identity, { ...files, authority: authorityFile }]
  })
  return new Map(await Promise.all(issued))
}

/** fortio serves HTTP/1.1 and HTTP/2 on one port, gRPC and TCP on one each. */
export const ENDPOINT_OF: Readonly<Record<Protocol, EndpointName>> = {
  http: 'http',
  http2: 'http',
  grpc: 'grpc',
  tcp: 'tcp',
}

/** Ports that the loads need, of those that the mesh can carry. */
export function endpointsFor(loads: readonly Pick<Load, 'protocol'>[], carried: readonly Protocol[]): EndpointName[] {
  const wanted = loads.map(({ protocol }) => protocol).filter((protocol) => carried.includes(protocol))
  return [...new Set(wanted.map((protocol) => ENDPOINT_OF[protocol]))]
}

/** How a load generator is told where to go. */
export function targetUrl(protocol: Protocol, { host, port }: Address): string {
  if (protocol === 'grpc') return `${host}:${port}`
  return protocol === 'tcp' ? `tcp://${host}:${port}` : `http://${host}:${port}/`
}
