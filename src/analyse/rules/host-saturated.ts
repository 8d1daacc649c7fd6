import { formatNumber, formatShare } from '../../model/units.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of all cores. */
const BUSY = 0.9
const FULL = 0.95
const STOLEN = 0.02

export const hostSaturated: Rule = {
  name: 'host-saturated',
  title: 'The host had CPU to spare',
  judge({ reading }) {
    const { host } = reading.observation
    if (!host) return undefined
    const { cores, busyCores, stolenCores = 0 } = host
    const remedy = 'Lower the rate, use a machine with more cores, or stop what else runs on it.'
    if (busyCores / cores > BUSY) {
      const isFull = busyCores / cores > FULL
      const judgement = isFull ? invalid : warning
      return judgement(
        `${formatNumber(busyCores)} of ${formatNumber(cores)} cores were busy (${formatShare(busyCores / cores)}).`,
        isFull
          ? 'Latencies are mostly waiting for a core: they say how large the machine is, not what the arm costs.'
          : 'Latencies contain waiting for a core: an arm that uses more CPU looks slower than it would on a larger machine.',
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
