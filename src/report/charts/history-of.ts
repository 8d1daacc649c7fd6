import type { Change, Trend } from '../../analyse/history/trend.ts'
import type { MetricUnit } from '../../model/units.ts'
import type { ArmStyle } from '../arm-styles.ts'
import { formatRatio } from '../figures.ts'

/** One arm over runs, as this page styles it. */
export interface HistoryLine {
  readonly style: ArmStyle
  readonly trend: Trend
}

export interface HistoryOf {
  readonly lines: readonly HistoryLine[]
  /** A level has a unit; a ratio has none. */
  readonly of: Trend['of']
  readonly unit: MetricUnit
  /** The run that this page shows. */
  readonly run: string
}

/** "+25 % with envoy 1.39.0 → 1.40.0" */
export function changeText({ ratio, versions }: Change): string {
  const what = versions.map(({ what: name, from, to }) => `${name} ${from} → ${to}`).join(', ')
  return `${formatRatio(ratio)}${what ? ` with ${what}` : ', no version changed'}`
}
