import { comeEvery, type Moment, periodOf, shareAt, stallsOf } from '../../loads/pauses.ts'
import type { Problem } from '../../model/analysis.ts'
import { baselineOf } from '../../model/scenario.ts'
import { formatLatency, formatNumber, formatShare, type Seconds } from '../../model/units.ts'
import type { Reclaim } from '../../model/usage.ts'
import { count, list, strainWords } from '../../model/words.ts'
import type { Comparison, ComparisonRule } from '../comparison/comparison.ts'
import { type HeldView, isSteady } from '../trial-view.ts'
import { type Rule, warning } from './rule.ts'

const SHARE = 0.001

export const commonPauses: Rule = {
  name: 'common-pauses',
  title: 'Connections did not pause together',
  problem: 'Connections paused together',
  findsDisturbance: true,
  usesClock: true,
  judge(trial) {
    const { reading } = trial
    const { pauses } = reading.generator
    if (!pauses || !(pauses.seconds / reading.seconds > SHARE)) return undefined
    const period = periodOf([stalls(trial)])
    const { host, seconds } = reading.observation
    return warning(
      `At least half of the connections stalled together ${count(pauses.count, 'time')}, ${formatLatency(pauses.seconds)} in all (${formatShare(pauses.seconds / reading.seconds)} of the window)${period === undefined ? '' : `, ${everyWords(period)}`}.${meanwhile(strainWords(host, seconds), host?.reclaim, [stalls(trial)])}`,
      'The tail comes from a cause that all connections share (garbage collection, the host, one proxy).',
      'Check whether the baseline has the same pauses. If so, the host or the client causes them, not the mesh.',
    )
  },
}

/** Share of the gaps between an arm's stalls that must fit the period of all arms. */
const SHARED = 0.6

/** Stalls with the same period in every arm, the baseline included, come from what all arms share. */
export const hostPauses: ComparisonRule = {
  name: 'host-pauses',
  title: 'The host did not stall the arms',
  problem: 'The host stalled the arms',
  judge(comparison) {
    // Beyond its capacity, and under an operation, an arm stalls by itself.
    const stalled = comparison.measured.filter(isSteady).map((view) => ({ view, stalls: stalls(view) }))
    const period = periodOf(stalled.map(({ stalls }) => stalls))
    if (period === undefined || !sharedByAll(comparison, stalled, period)) return []
    return [{ severity: 'warning', ...described(stalled, period) }]
  },
}

interface Stalled {
  readonly view: HeldView
  readonly stalls: readonly Moment[]
}

function stalls({ reading }: HeldView): Moment[] {
  return stallsOf(reading.generator.pauses?.moments ?? [])
}

/** Whether the gaps between the stalls of every arm, the baseline included, fit the period. */
function sharedByAll({ record }: Comparison, stalled: readonly Stalled[], period: Seconds): boolean {
  const byArm = Map.groupBy(stalled, ({ view }) => view.arm.name)
  const stallsByArm = [...byArm.values()].map((of) => of.map(({ stalls }) => stalls))
  const shown = stallsByArm.every((windows) => (shareAt(period, windows) ?? 0) >= SHARED)
  return shown && byArm.size > 1 && byArm.has(baselineOf(record.run.plan.scenario).name)
}

function described(stalled: readonly Stalled[], period: Seconds): Pick<Problem, 'cause' | 'effect' | 'remedy'> {
  const all = stalled.flatMap(({ stalls }) => stalls)
  const usual = median(all.map(({ seconds }) => seconds))
  const window = median(stalled.map(({ view }) => view.reading.seconds))
  const arms = new Set(stalled.map(({ view }) => view.arm.name)).size
  const observations = stalled.map(({ view }) => view.reading.observation)
  const byPressure = observations.toSorted((a, b) => memoryPressure(b) - memoryPressure(a))
  const typical = byPressure[Math.floor(byPressure.length / 2)]
  const host = observations.map(({ host }) => host).find((one) => one?.reclaim) ?? typical?.host
  return {
    cause: `In all ${arms} arms, the baseline included, connections stalled together ${everyWords(period)}: ${count(all.length, 'stall')} of ${formatLatency(usual)} in ${count(stalled.length, 'trial')}. The cause is the host.${meanwhile(
      strainWords(typical?.host, typical?.seconds ?? 1),
      host?.reclaim,
      stalled.map(({ stalls }) => stalls),
    )}`,
    effect: `One such stall is ${formatShare(usual / window)} of a window of ${formatNumber(window)} s: the highest quantiles of all requests measure the host, not the arms.`,
    remedy:
      'Compare typical-p99 (the p99 of a typical second), and compare stalls with those of the baseline; or use a host without such stalls (meshbench doctor measures them in 10 s).',
  }
}

function memoryPressure({ host, seconds }: HeldView['reading']['observation']): number {
  return (host?.pressure?.memory?.some ?? 0) / seconds
}

function everyWords(period: Seconds): string {
  return `every ${formatNumber(period, 2)} s`
}

/** Memory reclaim is named only where the stalls have its period. */
function meanwhile(
  strain: readonly string[],
  reclaim: Reclaim | undefined,
  windows: readonly (readonly Moment[])[],
): string {
  return [
    strain.length > 0 && ` Meanwhile the host had ${list(strain)}.`,
    reclaim?.every !== undefined &&
      comeEvery(reclaim.every, windows) &&
      ` The host runs ${reclaim.what} ${everyWords(reclaim.every)}, which reclaims memory and may be the cause.`,
  ]
    .filter(Boolean)
    .join('')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
