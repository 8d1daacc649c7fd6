import type { ComponentCost } from '../model/analysis.ts'
import type { Scenario } from '../model/scenario.ts'
import { roleOf, type Usage } from '../model/usage.ts'
import { cpuPerMillion } from './metrics.ts'
import type { TrialView } from './trial-view.ts'

interface Sample {
  readonly usage: Usage
  readonly view: TrialView
}

/** What each component of each arm costs under each load: means over its valid trials, in the scenario's order. */
export function componentCosts(scenario: Scenario, valid: readonly TrialView[]): ComponentCost[] {
  const byLoad = Map.groupBy(valid, ({ load }) => load.name)
  return scenario.loads.flatMap((load) => {
    const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm.name)
    return scenario.arms.flatMap((arm) => {
      const samples = (byArm.get(arm.name) ?? []).flatMap((view) =>
        view.reading.observation.usage.map((usage): Sample => ({ usage, view })),
      )
      const byComponent = Map.groupBy(samples, ({ usage }) => usage.component)
      return [...byComponent].map(([component, all]) => costOf(arm.name, load.name, component, all))
    })
  })
}

function costOf(arm: string, load: string, component: string, samples: readonly Sample[]): ComponentCost {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length
  return {
    arm,
    load,
    component,
    role: samples[0] ? roleOf(samples[0].usage) : 'node',
    cpu: mean(({ usage, view }) => cpuPerMillion(usage, view.reading.requests)),
    cores: mean(({ usage, view }) => usage.cpuSeconds / view.reading.observation.seconds),
    memoryBytes: mean(({ usage }) => usage.memoryBytes),
    n: samples.length,
  }
}
