import { formatNumber, formatShare } from '../../model/units.ts'
import { type Rule, warning } from './rule.ts'

const BUSY = 0.9
const STOLEN = 0.02

export const hostSaturated: Rule = {
  name: 'host-saturated',
  number: 'E2',
  title: 'The host had CPU to spare',
  judge({ reading }) {
    const { host } = reading.observation
    if (!host) return undefined
    const { cores, busyCores, stolenCores = 0 } = host
    const remedy = 'Lower the rate, use a machine with more cores, or stop what else runs on it.'
    if (busyCores / cores > BUSY) {
      return warning(
        `${formatNumber(busyCores)} of ${formatNumber(cores)} cores were busy (${formatShare(busyCores / cores)}).`,
        'Latencies contain waiting for a core: an arm that uses more CPU looks slower than it would on a larger machine.',
        remedy,
      )
    }
    if (stolenCores / cores <= STOLEN) return undefined
    return warning(
      `The hypervisor gave ${formatShare(stolenCores / cores)} of the cores to other machines.`,
      'Latencies contain pauses that no arm caused.',
      'Repeat at a quieter time or on a machine of your own.',
    )
  },
}
