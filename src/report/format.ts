import type { Estimate, MetricInfo } from '../model/analysis.ts'
import {
  distinctDecimals,
  formatChange,
  formatCores,
  formatDollars,
  formatLatency,
  formatNumber,
  formatPerMinute,
  formatRate,
  formatSize,
} from '../model/units.ts'
import { type Html, html } from './html.ts'

/** A month's bill is reckoned by the cost model and is no metric. */
type Unit = MetricInfo['unit'] | 'dollars-per-month'

/** A level in the unit that readers expect. */
export function formatLevel(unit: Unit, value: number): string {
  if (unit === 'per-second') return formatRate(Number(value.toPrecision(4)))
  if (unit === 'cores') return unbroken(formatCores(value))
  if (unit === 'dollars-per-month') return formatDollars(value)
  if (unit === 'requests' || unit === 'series') return formatNumber(value)
  if (unit === 'seconds-per-minute') return unbroken(formatPerMinute(value))
  const text =
    unit === 'seconds' ? formatLatency(value) : unit === 'bytes' ? formatSize(value) : `${formatNumber(value)} s`
  return unbroken(text)
}

/** A difference of levels, without its sign. */
export function formatAmount(unit: Unit, difference: number): string {
  return formatLevel(unit, Math.abs(difference))
}

/** A signed difference of levels. */
export function formatDifference(unit: Unit, difference: number): string {
  return `${difference < 0 ? '−' : '+'}${formatAmount(unit, difference)}`
}

/** A ratio as a change in percent up to twofold, as a factor beyond: "+52 %", "×3.40". */
export function formatRatio(ratio: number, decimals?: number): string {
  return isFactor(ratio) ? `×${factor(ratio)}` : unbroken(formatChange(ratio, decimals))
}

/** "+45 to +60 %", "×2.28 to 2.33", "+95 % to ×2.20"; undefined below two trials. */
export function formatRatioInterval({ lo, hi }: Estimate): string | undefined {
  if (lo === undefined || hi === undefined) return undefined
  if (isFactor(lo)) return `${formatRatio(lo)} to ${factor(hi)}`
  const decimals = distinctDecimals(lo, hi)
  const [low, high] = [formatRatio(lo, decimals), formatRatio(hi, decimals)]
  return `${isFactor(hi) ? low : low.replace(/\s%$/, '')} to ${high}`
}

/** "×0.90 and ×41.0" where an end is twofold, "−3.0 % and +12 %" otherwise. */
export function formatBetween(lo: number, hi: number): string {
  const show = isFactor(hi)
    ? (ratio: number) => `×${ratio < 0.095 ? formatNumber(ratio, 2) : factor(ratio)}`
    : (ratio: number) => formatRatio(ratio, distinctDecimals(lo, hi))
  return `${show(lo)} and ${show(hi)}`
}

/** "+4.78 to +7.68 ms", "950 µs to 1.2 ms"; undefined below two trials. */
export function formatInterval({ lo, hi }: Estimate, format: (value: number) => string): string | undefined {
  if (lo === undefined || hi === undefined) return undefined
  const [low, high] = [format(lo), format(hi)]
  const unit = /\u{A0}\D+$/u.exec(high)?.[0]
  return `${unit !== undefined && low.endsWith(unit) ? low.slice(0, -unit.length) : low} to ${high}`
}

function isFactor(ratio: number): boolean {
  return ratio >= 2
}

function factor(ratio: number): string {
  return ratio < 100 ? ratio.toFixed(ratio < 10 ? 2 : 1) : formatNumber(ratio)
}

/** A number and its unit stay on one line. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u{A0}')
}

/** A sentence in which arms are marked, so that it can be shown in any medium. */
export type Words = readonly (string | { readonly arm: string })[]

export function plainWords(words: Words): string {
  return words.map((word) => (typeof word === 'string' ? word : word.arm)).join('')
}

export function htmlWords(words: Words): Html {
  return html`${words.map((word) => (typeof word === 'string' ? word : html`<b class="name">${word.arm}</b>`))}`
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly Words[]): Words {
  return items.flatMap((item, index): Words => {
    const joint = index === 0 ? '' : index === items.length - 1 ? ' and ' : ', '
    return [joint, ...item]
  })
}

/** Likewise with semicolons, for parts that have commas themselves. */
export function strung(parts: readonly Words[]): Words {
  return parts.filter((part) => part.length > 0).flatMap((part, index) => [index === 0 ? '' : '; ', ...part])
}
