import type { Clock, Distribution } from '../../model/analysis.ts'
import type { Load } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'
import type { View } from '../view.ts'

/** What merged distributions say that means over trials do not: a figure of theirs is named so wherever it stands. */
export const POOLED = 'all requests of all blocks together'

/** The merged distribution of one arm. */
export interface Series {
  readonly style: ArmStyle
  readonly spectrum: Distribution['spectrum']
}

/** Distributions of a load by one clock, arms in order; those with fewer than two points are left out. */
export function seriesOf(view: View, load: Load, clock: Clock): Series[] {
  return view.arms.flatMap((style) => {
    const found = view.data.distributions.find(
      (one) => one.arm === style.name && one.load === load.name && one.clock === clock,
    )
    return found && found.spectrum.length > 1 ? [{ style, spectrum: found.spectrum }] : []
  })
}

export function clockTitle(clock: Clock): string {
  return clock === 'response' ? 'Response time' : 'Service time'
}

/** Why a load has no distribution by a clock. */
export function noClockReason(view: View, load: Load, clock: Clock): string {
  const other = clock === 'response' ? 'service' : 'response'
  if (seriesOf(view, load, other).length === 0) return 'no trial of this load is valid.'
  return clock === 'response'
    ? 'this load sends as soon as it has an answer, so no request has an intended send time.'
    : 'the load tool did not record this clock.'
}
