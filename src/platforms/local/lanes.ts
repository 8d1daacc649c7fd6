import type { Load, Protocol } from '../../model/scenario.ts'
import type { LaneName } from './envoy/bootstrap.ts'
import type { Address } from './envoy/parts.ts'

/** fortio serves HTTP/1.1 and HTTP/2 on one port, gRPC and TCP on one each. */
export const LANE_OF: Readonly<Record<Protocol, LaneName>> = { http: 'http', http2: 'http', grpc: 'grpc', tcp: 'tcp' }

/** Ports that the loads need, of those that the mesh can carry. */
export function lanesFor(loads: readonly Pick<Load, 'protocol'>[], carried: readonly Protocol[]): LaneName[] {
  const wanted = loads.map(({ protocol }) => protocol).filter((protocol) => carried.includes(protocol))
  return [...new Set(wanted.map((protocol) => LANE_OF[protocol]))]
}

/** How a load generator is told where to go. */
export function targetUrl(protocol: Protocol, { host, port }: Address): string {
  if (protocol === 'grpc') return `${host}:${port}`
  return protocol === 'tcp' ? `tcp://${host}:${port}` : `http://${host}:${port}/`
}
