import { formatShare, formatSize } from '../../model/units.ts'
import type { Carried } from '../../model/usage.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Rule, warning } from './rule.ts'

const CARRIED = 0.99
const REPEATED = 1.05

export const meshBypassed: Rule = {
  name: 'mesh-bypassed',
  title: 'The mesh carried the traffic',
  judge(trial) {
    if (!trial.mesh || trial.mesh.layer === 'none') return undefined
    const { carried = {} } = trial.reading.observation
    if (trial.mesh.layer === 'L7' && trial.load.protocol !== 'tcp' && isOpaque(carried)) {
      return invalid(
        `The proxies of this L7 arm counted ${formatSize(carried.bytes ?? 0)} of answers and not one request.`,
        'They passed bytes on and read no request: an L4 mesh was measured under the name of an L7 one, and it costs less.',
        "See whether the proxies take the port for HTTP: the Service's port name or appProtocol, opaque ports, and whether the waypoint is in use.",
      )
    }
    const share = carriedShare(trial)
    if (share === undefined) {
      return warning(
        'Nothing counted what the mesh carried.',
        'Traffic that went around the mesh would not have been noticed.',
        'See whether the counters of the proxies could be read.',
      )
    }
    if (share < CARRIED) {
      return invalid(
        `The mesh carried ${formatShare(share)} of the traffic.`,
        'The rest went around it: the arm looks cheaper than it is.',
        'See whether client and server are enrolled and whether the target is the service, not a node port or an address.',
      )
    }
    if (share <= REPEATED) return undefined
    return warning(
      `The mesh carried ${formatShare(share)} of the requests that were sent.`,
      'It repeated requests, or carried others: retries hide errors and cost CPU.',
      'Set retries to 0 (profile equalised), and keep other traffic away.',
    )
  },
}

/** Bytes or connections were counted where an L7 proxy counts requests. */
function isOpaque({ requests, connections = 0, bytes = 0 }: Carried): boolean {
  return requests === undefined && connections + bytes > 0
}

/** Requests where the mesh counts them, else bytes. */
function carriedShare(trial: TrialView): number | undefined {
  const { carried } = trial.reading.observation
  if (carried?.requests !== undefined) return carried.requests / trial.reading.requests
  const received = receivedBytes(trial)
  if (carried?.bytes === undefined || !received) return undefined
  // A tunnel's own framing adds to what it carries, so bytes can only show that too little passed.
  return Math.min(1, carried.bytes / received)
}

/** HTTP/2's header of a frame of data (RFC 9113, 4.1), and gRPC's prefix of a message. */
const GRPC_FRAMING = 9 + 5

/** What the generator received at least. fortio does not count it for gRPC, where each answer returns the payload. */
function receivedBytes({ reading, load }: TrialView): number | undefined {
  if (reading.bytesReceived || load.protocol !== 'grpc') return reading.bytesReceived
  return (reading.requests - reading.errors) * (load.payload + GRPC_FRAMING)
}
