import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { formatChange } from '../../model/units.ts'
import { noiseBand } from '../noise-floor.ts'
import { list } from '../wording.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

/** The metrics that people decide by. */
const DECISIVE = ['p50', 'p99', 'mesh-cpu']

/** Noise below this, as a ratio, hides nothing that matters. */
const TOLERATED = 1.05

export const noNoiseFloor: ComparisonRule = {
  name: 'no-noise-floor',
  title: 'The run has an A/A pair',
  judge({ record }) {
    const { scenario } = record.run.plan
    const baseline = baselineOf(scenario)
    const others = scenario.arms.slice(1)
    if (others.length === 0 || others.some((arm) => isSameArm(arm, baseline))) return []
    return [
      {
        severity: 'warning',
        cause: `No arm repeats ${baseline.name}.`,
        effect: 'What two equal arms differ by in this run is not known; small differences may be chance.',
        remedy: `Add an arm with another name that is otherwise the same as ${baseline.name}.`,
      },
    ]
  },
}

export const noiseHidesAll: ComparisonRule = {
  name: 'noise-hides-all',
  title: 'Differences between arms are larger than those between equal arms',
  judge(comparison) {
    const hidden = comparison.record.run.plan.scenario.loads.flatMap(({ name }) =>
      DECISIVE.flatMap((metric) => hiddenBy(comparison, name, metric)),
    )
    if (hidden.length === 0) return []
    return [
      {
        severity: 'warning',
        cause: `Equal arms differ by as much as any arm does from the baseline: ${list(hidden)}.`,
        effect: 'There, no arm can be told from the baseline, nor be said to be as good.',
        remedy: 'Run more blocks, longer windows or a lower rate, on a quieter or larger machine.',
      },
    ]
  },
}

/** The noise band, in words, where it is wide and no other arm reaches out of it. */
function hiddenBy({ record, noise, cells }: Comparison, load: string, metric: string): string[] {
  const here = (one: { load: string; metric: string }) => one.load === load && one.metric === metric
  const floors = noise.filter(here)
  const band = noiseBand(floors)
  if (band <= TOLERATED) return []
  const equal = new Set([baselineOf(record.run.plan.scenario).name, ...floors.map(({ arm }) => arm)])
  const ratios = cells.filter((cell) => here(cell) && !equal.has(cell.arm)).flatMap(({ ratio }) => ratio?.center ?? [])
  const out = ratios.some((ratio) => ratio > band || ratio < 1 / band)
  return ratios.length === 0 || out ? [] : [`${metric} under ${load} by up to ${formatChange(band)}`]
}
