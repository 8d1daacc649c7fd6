import { formatNumber, formatShare } from '../../model/units.ts'
import type { Host } from '../../model/usage.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of the host's cores: busy (warning, invalid) and taken by the hypervisor. */
const BUSY = 0.9
const FULL = 0.95
const STOLEN = 0.02
/** Of these, nobody knows what the arm would have done with them. */
const TOO_MUCH_STOLEN = 0.15

interface Machine {
  readonly node?: string
  readonly cores: number
  readonly busyCores: number
  readonly stolenCores?: number | undefined
}

/** The machine that has least to spare. */
function fullest({ machines = [], ...host }: Host): Machine {
  const lost = ({ cores, busyCores, stolenCores = 0 }: Machine) =>
    Math.max(busyCores / cores / BUSY, stolenCores / cores / STOLEN)
  return machines.reduce<Machine>((most, one) => (lost(one) > lost(most) ? one : most), machines[0] ?? host)
}

export const hostSaturated: Rule = {
  name: 'host-saturated',
  title: 'The host had idle CPU',
  problem: 'The host had no idle CPU',
  blursLatency: true,
  findsOverload: true,
  judge({ reading }) {
    const { host } = reading.observation
    if (!host) return undefined
    // A machine that is full is not less so because another is idle.
    const { cores, busyCores, stolenCores = 0, node } = fullest(host)
    const machine = node === undefined ? 'cores' : `cores of the ${node} node`
    const remedy = 'Lower the rate, use a machine with more cores, or stop other programs on it.'
    if (busyCores / cores > BUSY) {
      const isFull = busyCores / cores > FULL
      const judgement = isFull ? invalid : warning
      return judgement(
        `${formatNumber(busyCores)} of ${formatNumber(cores)} ${machine} were busy (${formatShare(busyCores / cores)}).`,
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
