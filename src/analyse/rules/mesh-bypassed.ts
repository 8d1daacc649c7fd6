import { formatShare } from '../../model/units.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Rule, warning } from './rule.ts'

const CARRIED = 0.99
const REPEATED = 1.05

export const meshBypassed: Rule = {
  name: 'mesh-bypassed',
  title: 'The mesh carried the traffic',
  judge(trial) {
    if (!trial.mesh || trial.mesh.layer === 'none') return undefined
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

/** Requests where the mesh counts them, else bytes. */
function carriedShare({ reading }: TrialView): number | undefined {
  const { carried } = reading.observation
  if (carried?.requests !== undefined) return carried.requests / reading.requests
  if (carried?.bytes === undefined || !reading.bytesReceived) return undefined
  // A tunnel's own framing adds to what it carries, so bytes can only show that too little passed.
  return Math.min(1, carried.bytes / reading.bytesReceived)
}
