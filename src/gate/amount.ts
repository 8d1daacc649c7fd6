import type { MetricInfo } from '../model/analysis.ts'
import { formatCores, formatLatency, formatNumber, formatPerMinute, formatRate, formatSize } from '../model/units.ts'

/** A value of a metric as people read it. */
export function amountOf({ unit }: Pick<MetricInfo, 'unit'>): (value: number) => string {
  if (unit === 'seconds') return formatLatency
  if (unit === 'seconds-per-minute') return formatPerMinute
  if (unit === 'bytes') return formatSize
  if (unit === 'per-second') return (value) => formatRate(Number(value.toPrecision(3)))
  if (unit === 'cores') return formatCores
  return (value) => `${formatNumber(value)} CPU-seconds per million requests`
}
