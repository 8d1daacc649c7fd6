import { formatNumber, formatShare } from '../../model/units.ts'
import { invalid, type Rule, warning } from './rule.ts'

/** Shares of all cores. */
const NOTICED = 0.05
const TOO_MUCH = 0.1

/** What ran on the host during the window and is no component of the arm: by time of its processors, less that of its components. */
export const noisyNeighbour: Rule = {
  name: 'noisy-neighbour',
  title: 'Nothing else ran on the host',
  judge({ reading: { observation } }) {
    const { host, usage, seconds } = observation
    if (!host) return undefined
    const own = usage.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0) / seconds
    const others = host.busyCores - own
    const share = others / host.cores
    if (share <= NOTICED) return undefined
    const judgement = share > TOO_MUCH ? invalid : warning
    return judgement(
      `${formatNumber(others, 2)} of ${formatNumber(host.cores)} cores (${formatShare(share)}) were busy with what is no part of this run.`,
      'It took time from the arm, and not the same from every arm: it may look like a difference between them.',
      'Stop what else runs on the host, then repeat; a run goes on where it was with `meshbench run --resume`.',
    )
  },
}
