import type { Costs } from '../model/plan.ts'
import type { PlatformName, Scenario } from '../model/scenario.ts'

/** What is assumed before anything was run: seen on two shared cores, so a better machine is done sooner. */
export function costsOf(platform: PlatformName, scenario: Pick<Scenario, 'arms' | 'simulation'>): Costs {
  switch (platform) {
    case 'kind':
      return { cohort: 60 + 90 * scenario.arms.length, visit: 15, trial: 3 }
    case 'cluster':
      return { cohort: 60 * scenario.arms.length, visit: 20, trial: 3 }
    case 'local':
      return { cohort: 2, visit: 3, trial: 1 }
    case 'simulated':
      return { cohort: 0, visit: 0, trial: 0, window: scenario.simulation.pace }
  }
}
