import type { MetricInfo, ScriptPart } from '../model/analysis.ts'
import { QUANTILES, SAMPLES_TO_REPORT, samplesBeyond } from '../model/quantiles.ts'
import type { LatencySummary, ScriptReading, StoredSummary } from '../model/result.ts'
import type { Scenario } from '../model/scenario.ts'
import { compareArms } from './cells.ts'
import type { HeldView } from './trial-view.ts'

type Key = 'p50' | 'p99' | 'time'

const METRICS: readonly (MetricInfo & { readonly name: Key })[] = [
  { name: 'p50', title: 'p50', unit: 'seconds', better: 'lower' },
  { name: 'p99', title: 'p99', unit: 'seconds', better: 'lower' },
  { name: 'time', title: 'time from begin to end', unit: 'seconds', better: 'lower' },
]

/** What one trial has of a part. */
interface Part extends Pick<ScriptPart, 'kind' | 'path'> {
  readonly latency: StoredSummary
  readonly whole?: StoredSummary | undefined
  readonly counts: Omit<ScriptPart['counts'][number], 'arm'>
}

/**
 * The groups of scripts, in the order in which they first ran, compared as loads are: one value for each trial, paired within
 * blocks. They are families of their own: they are for finding where a difference comes from.
 */
export function scriptParts(
  scenario: Scenario,
  valid: readonly HeldView[],
  provisioned: { readonly provisioned: boolean },
): ScriptPart[] {
  return scenario.loads.flatMap(({ name: load }) => {
    const trials = valid.flatMap(({ trial, reading }) =>
      trial.load === load && reading.script ? [{ trial, parts: partsOf(reading.script) }] : [],
    )
    const all = new Map(trials.flatMap(({ parts }) => parts).map((part) => [keyOf(part), part]))
    return [...all].map(([key, { kind, path }]) => {
      const those = trials.flatMap(({ trial, parts }) => {
        const part = parts.find((one) => keyOf(one) === key)
        return part ? [{ trial, part }] : []
      })
      const rows = those.map(({ trial, part }) => ({ trial, values: METRICS.map(({ name }) => figureOf(part, name)) }))
      const loads = scenario.loads.filter(({ name }) => name === load)
      const { cells } = compareArms(
        { ...scenario, loads },
        rows,
        provisioned,
        METRICS.map((info) => ({ info })),
      )
      const counts = scenario.arms.map(({ name: arm }) => ({
        arm,
        ...summed(those.flatMap(({ trial, part }) => (trial.arm === arm ? [part.counts] : []))),
      }))
      return { load, kind, path, cells, counts }
    })
  })
}

const keyOf = ({ kind, path }: Pick<Part, 'kind' | 'path'>) => JSON.stringify([kind, path])

function partsOf({ groups, iteration, iterations }: ScriptReading): Part[] {
  const whole = { requests: 0, errors: 0, passed: 0, failed: 0 }
  const parts = groups.map(({ path, latency, whole: time, ...counts }): Part => {
    for (const key of ['requests', 'errors', 'passed', 'failed'] as const) whole[key] += counts[key]
    return { kind: 'group', path, latency, whole: time, counts: { iterations, ...counts } }
  })
  return [{ kind: 'iteration', path: [], latency: iteration, counts: { iterations, ...whole } }, ...parts]
}

/** NaN where too few requests lie beyond the quantile. */
function figureOf({ latency, whole }: Part, metric: Key): number {
  const { key, q } = QUANTILES.find((quantile) => quantile.key === (metric === 'time' ? 'p50' : metric)) ?? QUANTILES[0]
  const summary = metric === 'time' ? whole : latency
  if (!summary || samplesBeyond(q, summary.count) < SAMPLES_TO_REPORT) return Number.NaN
  return (summary as LatencySummary)[key]
}

function summed(all: readonly Part['counts'][]): Part['counts'] {
  const sum = (key: keyof Part['counts']) => all.reduce((total, counts) => total + counts[key], 0)
  return {
    iterations: sum('iterations'),
    requests: sum('requests'),
    errors: sum('errors'),
    passed: sum('passed'),
    failed: sum('failed'),
  }
}
