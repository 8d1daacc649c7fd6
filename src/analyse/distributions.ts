import { mergeEncoded } from '../loads/histogram.ts'
import type { Clock, Distribution } from '../model/analysis.ts'
import type { Scenario } from '../model/scenario.ts'
import type { TrialView } from './trial-view.ts'

const CLOCKS: readonly Clock[] = ['response', 'service']

/** Histograms of all valid trials of an arm under a load, merged: for looking, never for inference. */
export function distributionsOf(scenario: Scenario, valid: readonly TrialView[]): Distribution[] {
  const byLoad = Map.groupBy(valid, ({ load }) => load.name)
  return scenario.loads.flatMap((load) => {
    const byArm = Map.groupBy(byLoad.get(load.name) ?? [], ({ arm }) => arm.name)
    return scenario.arms.flatMap((arm) =>
      CLOCKS.flatMap((clock) => merged(arm.name, load.name, clock, byArm.get(arm.name))),
    )
  })
}

function merged(arm: string, load: string, clock: Clock, trials: readonly TrialView[] = []): Distribution[] {
  const texts = trials.flatMap(({ reading }) => reading.latency[clock] ?? [])
  if (texts.length === 0) return []
  const histogram = mergeEncoded(texts)
  return [{ arm, load, clock, requests: histogram.count, spectrum: histogram.spectrum() }]
}
