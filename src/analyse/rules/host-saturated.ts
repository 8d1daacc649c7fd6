import { formatNumber, formatShare } from '../../model/units.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of the host's cores: busy (warning, invalid) and taken by the hypervisor. */
const BUSY = 0.9
const FULL = 0.95
const STOLEN = 0.02
/** Of these, nobody knows what the arm would have done with them. */
const TOO_MUCH_STOLEN = 0.15

export const hostSaturated: Rule = {
  name: 'host-saturated',
  title: 'The host had idle CPU',
  problem: 'The host had no idle CPU',
  judge({ reading }) {
    const { host } = reading.observation
    if (!host) return undefined
    const { cores, busyCores, stolenCores = 0 } = host
    const remedy = 'Lower the rate, use a machine with more cores, or stop other programs on it.'
    if (busyCores / cores > BUSY) {
      const isFull = busyCores / cores > FULL
      const judgement = isFull ? invalid : warning
      return judgement(
        `${formatNumber(busyCores)} of ${formatNumber(cores)} cores were busy (${formatShare(busyCores / cores)}).`,
        isFull
          ? 'Requests mostly waited for a core: latencies describe the machine, not the arm.'
          : 'Latencies include waits for a core: an arm that uses more CPU looks slower than it would on a larger machine.',
        remedy,
      )
    }
    if (stolenCores / cores <= STOLEN) return undefined
    const judgement = stolenCores / cores > TOO_MUCH_STOLEN ? invalid : warning
    return judgement(
      `The hypervisor gave ${formatShare(stolenCores / cores)} of the cores to other machines.`,
      'Latencies include pauses that the arm did not cause.',
      'Repeat at another time, or on a dedicated machine.',
    )
  },
}
