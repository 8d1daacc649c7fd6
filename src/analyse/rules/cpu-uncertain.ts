import { formatDuration, formatShare } from '../../model/units.ts'
import { isPreciselyWanted, PRECISION } from '../../model/usage.ts'
import { type Rule, warning } from './rule.ts'

/** For counters that are not read at both ends of the window; others have no error of this kind. */
export const cpuUncertain: Rule = {
  name: 'cpu-uncertain',
  title: 'CPU was measured precisely',
  problem: 'CPU was not measured precisely',
  judge({ reading: { observation } }) {
    const { usage, seconds } = observation
    return usage.flatMap((one) => {
      const { component, cpuSeconds, cpuError = 0 } = one
      const share = cpuError / cpuSeconds
      if (!isPreciselyWanted(one, seconds) || share <= PRECISION) return []
      return warning(
        `The CPU of ${component} is known to ± ${formatShare(share)}: its counters were not read at the ends of the window.`,
        'A difference of CPU between arms that is smaller than this may be none.',
        `Use a window of ${formatDuration(Math.ceil((seconds * share) / PRECISION))} or more, or agents that read the counters at its ends (\`usage: agent\`).`,
      )
    })
  },
}
