import type { Estimate, MetricInfo } from '../model/analysis.ts'
import { formatChange, formatLatency, formatNumber, formatRate, formatSize } from '../model/units.ts'

type Unit = MetricInfo['unit']

/** A level in the unit that readers expect. */
export function formatLevel(unit: Unit, value: number): string {
  if (unit === 'seconds') return formatLatency(value)
  if (unit === 'bytes') return formatSize(value)
  if (unit === 'per-second') return formatRate(Number(value.toPrecision(4)))
  return `${formatNumber(value)} s`
}

/** A difference of levels, without its sign. */
export function formatAmount(unit: Unit, difference: number): string {
  return formatLevel(unit, Math.abs(difference))
}

/** A signed difference of levels. */
export function formatDifference(unit: Unit, difference: number): string {
  return `${difference < 0 ? '−' : '+'}${formatAmount(unit, difference)}`
}

/** A ratio as a change in percent up to twofold, as a factor beyond: "+52 %", "×3.4". */
export function formatRatio(ratio: number): string {
  return ratio >= 2 ? `×${formatNumber(ratio)}` : formatChange(ratio)
}

/** "+45 % to +60 %"; absent below two trials. */
export function formatInterval(estimate: Estimate, format: (value: number) => string): string | undefined {
  return estimate.lo === undefined || estimate.hi === undefined
    ? undefined
    : `${format(estimate.lo)} to ${format(estimate.hi)}`
}
