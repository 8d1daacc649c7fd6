import { Failure } from '../../../model/failure.ts'
import { type Load, PROTOCOLS, type Protocol } from '../../../model/scenario.ts'

const HOST = 'server.bench.svc.cluster.local'

/** The port of the service for each protocol, how a load generator is told of it, and how fortio asks one question there. */
export const LANES: Readonly<Record<Protocol, { readonly port: number; readonly ask: readonly string[] }>> = {
  http: { port: 8080, ask: [] },
  http2: { port: 8081, ask: ['-h2'] },
  grpc: { port: 8079, ask: ['-grpc', '-ping'] },
  tcp: { port: 8078, ask: [] },
}

/** Protocols that the loads use, each once. */
export function lanesOf(loads: readonly Pick<Load, 'protocol'>[]): Protocol[] {
  return PROTOCOLS.filter((protocol) => loads.some((load) => load.protocol === protocol))
}

export function targetOf(protocol: Protocol): string {
  const { port } = LANES[protocol]
  if (protocol === 'grpc') return `${HOST}:${port}`
  return protocol === 'tcp' ? `tcp://${HOST}:${port}` : `http://${HOST}:${port}/`
}

/** What an arm cannot do is said before any load is put on it. */
export function refuseLane(
  { name, protocol }: Load,
  arm: { name: string; mesh: string; carries: readonly Protocol[] },
) {
  if (arm.carries.includes(protocol)) return
  throw new Failure('unsupported', `${arm.mesh} does not carry ${protocol} as it says it does`, {
    fix: `Leave load ${name} or arm ${arm.name} out; ${arm.mesh} carries ${arm.carries.join(', ')}.`,
  })
}
