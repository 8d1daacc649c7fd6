import type { MetricInfo } from '../model/analysis.ts'
import { formatCores, formatLatency, formatNumber, formatPerMinute, formatRate, formatSize } from '../model/units.ts'

/** A metric's value in the unit that a reader expects. */
export function levelText(value: number, unit: MetricInfo['unit']): string {
  if (!Number.isFinite(value)) return '–'
  switch (unit) {
    case 'seconds':
      return formatLatency(value)
    case 'seconds-per-minute':
      return formatPerMinute(value)
    case 'per-second':
      return formatRate(Number(value.toPrecision(4)))
    case 'cpu-seconds-per-million':
      return formatNumber(value)
    case 'bytes':
      return formatSize(value)
    case 'cores':
      return formatCores(value)
  }
}
