/**
 * Parsing and formatting of units. The program uses base units: seconds, bytes, requests per second. Only this file
 * converts them.
 */

export type Seconds = number
export type Bytes = number
export type PerSecond = number

/** For timers, which take whole milliseconds only: `AbortSignal.timeout(69003.99999999999)` throws. */
export function milliseconds(time: Seconds): number {
  return Math.ceil(time * 1000)
}

/** The unit of a metric. */
export type MetricUnit =
  | 'seconds'
  | 'seconds-per-minute'
  | 'per-second'
  | 'cpu-seconds-per-million'
  | 'cores'
  | 'bytes'
  | 'requests'
  | 'series'

/** CPU per request is stated for this many requests. */
export const MILLION = 1e6

/** Microseconds: the unit of latency histograms and time lines. */
export type Micros = number
/** Microseconds in a second. */
export const MICROS: Micros = 1e6

const DURATION: Record<string, Seconds> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }
const SIZE: Record<string, Bytes> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}
const PER: Record<string, Seconds> = { s: 1, m: 60, h: 3600 }

/** "90s", "1m30s", "250ms" → seconds; undefined when it is not a duration. A unit is required: a bare 30 is ambiguous. */
export function parseDuration(text: string): Seconds | undefined {
  if (!/^(\d+(\.\d+)?(us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)/g)) {
    total += Number(value) * (DURATION[unit as string] as number)
  }
  return total
}

/** "1000/s", "1.5k/s", "600/m" → requests per second; undefined when it is not a rate. */
export function parseRate(text: string): PerSecond | undefined {
  const found = /^(\d+(?:\.\d+)?)(k?)\/(s|m|h)$/.exec(text)
  if (!found) return undefined
  return (Number(found[1]) * (found[2] ? 1000 : 1)) / (PER[found[3] as string] as number)
}

/** "1KiB", "64KB", "0B" → bytes; undefined when it is not a size. */
export function parseSize(text: string): Bytes | undefined {
  const found = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|KiB|MiB|GiB)$/.exec(text)
  if (!found) return undefined
  const bytes = Number(found[1]) * (SIZE[found[2] as string] as number)
  return Number.isInteger(bytes) ? bytes : undefined
}

/** "10%" → 0.1; undefined when it is not a share. A sign is required: a bare 10 is ambiguous. */
export function parseShare(text: string): number | undefined {
  return /^\d+(\.\d+)? ?%$/.test(text) ? Number.parseFloat(text) / 100 : undefined
}

/** Three significant digits, no exponent: 1234 → "1,230", 0.01234 → "0.0123". */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '–'
  const rounded = roundedTo(digits, value)
  const size = Math.abs(rounded)
  if (size < SMALLEST_PLAIN || size >= LARGEST_PLAIN) return Object.is(value, 0) ? '0' : formatOf(digits).format(value)
  return size < 1000 ? String(rounded) : String(rounded).replace(THOUSANDS, ',')
}

/** Half is rounded away from 0 by the digits that are shown of a number, so that 0.125 and 0.135 are treated alike. */
function roundedTo(digits: number, value: number): number {
  const shown = value.toExponential()
  const isTie = shown.includes('5e') && shown.replaceAll(/e.*|\D/g, '').length === digits + 1
  return Number((isTie ? Number(shown.replace('5e', '6e')) : value).toPrecision(digits))
}

/** Between these, JavaScript writes a number without an exponent. */
const SMALLEST_PLAIN = 1e-6
const LARGEST_PLAIN = 1e15
/** Before every three digits of the whole part. */
const THOUSANDS = /(?<=\d)(?<!\.\d*)(?=(?:\d{3})+(?!\d))/g

const FORMATS = new Map<number, Intl.NumberFormat>()

/** For what is left: making the first one takes a browser longer than all else that a page does until it can be used. */
function formatOf(digits: number): Intl.NumberFormat {
  const known = FORMATS.get(digits)
  if (known) return known
  const format = new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits })
  FORMATS.set(digits, format)
  return format
}

/** A latency in the unit a reader expects: "412 µs", "1.24 ms", "2.5 s". */
export function formatLatency(seconds: Seconds): string {
  if (!Number.isFinite(seconds)) return '–'
  const size = Math.abs(seconds)
  if (size < 0.9995e-3) return `${formatNumber(seconds * 1e6)} µs`
  if (size < 0.9995) return `${formatNumber(seconds * 1e3)} ms`
  return `${formatNumber(seconds)} s`
}

/** A wall-clock time: "8 s", "4 min 05 s", "1 h 12 min". */
export function formatDuration(seconds: Seconds): string {
  if (!Number.isFinite(seconds)) return '–'
  const whole = Math.round(seconds)
  if (seconds > 0 && seconds < 9.95) return `${formatNumber(seconds, 2)} s`
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

export function formatRate(rate: PerSecond | 'max'): string {
  return rate === 'max' ? 'max' : `${formatNumber(rate, 6)}/s`
}

export function formatSize(bytes: Bytes): string {
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (Math.abs(bytes) >= factor) return `${formatNumber(bytes / factor)} ${unit}`
  }
  return `${formatNumber(bytes)} B`
}

/** Cores that are busy on average: "1.25 cores", "6.2 mcores" (thousandths, as Kubernetes counts them). */
export function formatCores(cores: number): string {
  if (!Number.isFinite(cores)) return '–'
  return cores === 0 || Math.abs(cores) >= 0.09995
    ? `${formatNumber(cores)} cores`
    : `${formatNumber(cores * 1000)} mcores`
}

/** US dollars: "$4.10", and from a hundred on without cents: "$1,230". */
export function formatDollars(dollars: number): string {
  if (!Number.isFinite(dollars)) return '–'
  const size = Math.abs(dollars)
  const text = size < 99.995 ? size.toFixed(2) : formatNumber(Math.round(size), 15)
  return `${dollars < 0 ? '−' : ''}$${text}`
}

/** Seconds of every minute: "1.2 s/min". */
export function formatPerMinute(seconds: number): string {
  return Number.isFinite(seconds) ? `${formatNumber(seconds, 2)} s/min` : '–'
}

/** A share as a percentage: 0.0123 → "1.23 %". */
export function formatShare(share: number): string {
  return `${formatNumber(share * 100)} %`
}

/** A ratio as a signed percentage: 1.043 → "+4.3 %". `decimals`: one where absent, none from 10 % on. */
export function formatChange(ratio: number, decimals?: number): string {
  if (!Number.isFinite(ratio)) return '–'
  const percent = (ratio - 1) * 100
  const digits = decimals ?? (Math.abs(percent) < 10 ? 1 : 0)
  const shown = percent.toFixed(digits)
  return `${percent >= 0 ? '+' : '−'}${shown.replace('-', '')} %`
}

/** An interval of ratios: "+8.6 % … +9.2 %", with more decimals where its ends would look equal. Undefined without an interval. */
export function formatChanges({ lo, hi }: { readonly lo?: number; readonly hi?: number }): string | undefined {
  if (lo === undefined || hi === undefined) return undefined
  const decimals = distinctDecimals(lo, hi)
  return `${formatChange(lo, decimals)} … ${formatChange(hi, decimals)}`
}

/** Number of decimals, at most two, that makes two ratios look different; undefined if the default does, or if none does. */
export function distinctDecimals(lo: number, hi: number): number | undefined {
  return [undefined, 1, 2].find((decimals) => formatChange(lo, decimals) !== formatChange(hi, decimals))
}
