import { formatNumber, formatShare } from '../../model/units.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of the host's cores: for a warning, and for invalid. */
const NOTICED = 0.05
export const TOO_MUCH = 0.1

/** CPU that was used on the host during the window by anything but the arm's components: total less components. */
export const noisyNeighbour: Rule = {
  name: 'noisy-neighbour',
  title: 'Nothing else ran on the host',
  problem: 'Other programs used the CPU',
  blursLatency: true,
  judge({ reading: { observation } }) {
    const { host, usage, seconds } = observation
    if (!host) return undefined
    const own = usage.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0) / seconds
    const others = host.busyCores - own
    const share = others / host.cores
    if (share <= NOTICED) return undefined
    const judgement = share > TOO_MUCH ? invalid : warning
    return judgement(
      `Other programs used ${formatNumber(others, 2)} of ${formatNumber(host.cores)} cores (${formatShare(share)}).`,
      'They took CPU time from the arms, and not equally: this can look like a difference between arms.',
      'Stop other programs on the host, then repeat.',
    )
  },
}
