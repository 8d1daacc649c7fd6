import { formatNumber } from '../model/units.ts'

/** "1 block", "4 blocks", "12,000 requests". */
export function count(n: number, noun: string): string {
  return `${formatNumber(n, 9)} ${noun}${n === 1 ? '' : 's'}`
}

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  const last = items.at(-1)
  if (last === undefined) return ''
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

/** The name of a quantile as people write it: 0.999 → "p99.9". */
export function quantileName(quantile: number): string {
  return `p${formatNumber(quantile * 100, 6)}`
}
