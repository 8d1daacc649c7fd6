import { PAGE_SCHEMA, type PageData } from './page-data.ts'

type Read = { readonly data: PageData } | { readonly reason: string }

/**
 * Data of a page that came from elsewhere. They are not trusted: what is used of them has the shape that is expected, and
 * texts go nowhere but into escaped markup.
 */
export function readPageData(text: string): Read {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return { reason: 'its data are damaged' }
  }
  if (!isRecord(found)) return { reason: 'its data are damaged' }
  if (found['schema'] !== PAGE_SCHEMA) {
    return { reason: `it was written by another version of meshbench (schema ${String(found['schema']).slice(0, 20)})` }
  }
  return isPageData(found) ? { data: found as unknown as PageData } : { reason: 'its data are damaged' }
}

function isPageData({ run, arms, loads, metrics, cells, noise }: Record<string, unknown>): boolean {
  return (
    isRecord(run) &&
    ['id', 'scenario', 'startedAt', 'platform', 'profile'].every((key) => typeof run[key] === 'string') &&
    each(arms, ({ name, mesh, role }) => [name, mesh, role].every(isText)) &&
    each(loads, ({ name }) => isText(name)) &&
    each(metrics, ({ name, title, unit }) => [name, title, unit].every(isText)) &&
    each(cells, isCell) &&
    each(noise, ({ load, metric, ratio }) => isText(load) && isText(metric) && isEstimate(ratio))
  )
}

function isCell({ arm, load, metric, values, estimate }: Record<string, unknown>): boolean {
  return (
    [arm, load, metric].every(isText) &&
    each(values, ({ cohort, block, value }) => [cohort, block, value].every(Number.isFinite)) &&
    (estimate === undefined || isEstimate(estimate))
  )
}

function isEstimate(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { center, n, lo = 0, hi = 0 } = value
  return [center, n, lo, hi].every(Number.isFinite)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function each(list: unknown, holds: (one: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(list) && list.every((one) => isRecord(one) && holds(one))
}
