import { formatShare, formatSize } from '../../model/units.ts'
import type { Carried } from '../../model/usage.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of the traffic that the mesh must carry at least and may carry at most. */
const CARRIED = 0.99
const REPEATED = 1.05

export const meshBypassed: Rule = {
  name: 'mesh-bypassed',
  title: 'The mesh carried the traffic',
  problem: 'The mesh did not carry the traffic',
  judge(trial) {
    if (!trial.mesh || trial.mesh.layer === 'none') return undefined
    const { carried = {} } = trial.reading.observation
    if (trial.mesh.layer === 'L7' && trial.load.protocol !== 'tcp' && isOpaque(carried)) {
      return invalid(
        `The proxies of this L7 arm counted ${formatSize(carried.bytes ?? 0)} of answers and no requests.`,
        'The proxies forwarded bytes without parsing requests: this measures an L4 mesh, which costs less.',
        "Check that the proxies treat the port as HTTP: the Service's port name or appProtocol, opaque ports, and whether the waypoint is in use.",
      )
    }
    const share = carriedShare(trial)
    if (share === undefined) {
      return warning(
        'No counter shows what the mesh carried.',
        'Traffic that bypassed the mesh would not be noticed.',
        'Check that the counters of the proxies can be read.',
      )
    }
    if (share < CARRIED) {
      return invalid(
        `The mesh carried ${formatShare(share)} of the traffic.`,
        'The rest bypassed it: the arm looks cheaper than it is.',
        'Check that client and server are enrolled, and that the target is the service, not a node port or an address.',
      )
    }
    // Some operations ask the server beside the load, and a feature may copy requests.
    if (share <= REPEATED || trial.load.operation !== undefined || trial.arm.feature !== undefined) return undefined
    return warning(
      `The mesh carried ${formatShare(share)} of the requests that were sent.`,
      'It retried requests or carried other traffic. Retries hide errors and cost CPU.',
      'Set retries to 0 (profile equalised), and stop other traffic.',
    )
  },
}

/** Whether proxies counted bytes or connections but no requests, as an L7 proxy would. */
function isOpaque({ requests, connections = 0, bytes = 0 }: Carried): boolean {
  return requests === undefined && connections + bytes > 0
}

/** Share of the traffic that the mesh carried: by requests where the mesh counts them, otherwise by bytes. */
function carriedShare(trial: TrialView): number | undefined {
  const { carried } = trial.reading.observation
  if (carried?.requests !== undefined) return carried.requests / trial.reading.requests
  const received = receivedBytes(trial)
  if (carried?.bytes === undefined || !received) return undefined
  // A tunnel's framing adds to the bytes, so bytes can only show that too little was carried.
  return Math.min(1, carried.bytes / received)
}

/** HTTP/2's header of a frame of data (RFC 9113, 4.1), and gRPC's prefix of a message. */
const GRPC_FRAMING = 9 + 5

/** Bytes that the load generator received at least. fortio does not count them for gRPC, where each answer returns the payload. */
function receivedBytes({ reading, load }: TrialView): number | undefined {
  if (reading.bytesReceived || load.protocol !== 'grpc') return reading.bytesReceived
  return (reading.requests - reading.errors) * (load.payload + GRPC_FRAMING)
}
