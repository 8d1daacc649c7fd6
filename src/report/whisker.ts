import type { Estimate } from '../model/analysis.ts'
import { place } from './charts/axes.ts'
import { type Html, html } from './html.ts'

const WIDTH = 104
const HEIGHT = 16

/** The common scale of one column: every ratio, its interval and 1, logarithmic, with a little room at the ends. */
export function whiskerScale(ratios: readonly Estimate[]): readonly [number, number] {
  const values = [1, ...ratios.flatMap(({ center, lo, hi }) => [center, lo ?? center, hi ?? center])].filter(
    (value) => value > 0 && Number.isFinite(value),
  )
  const room = Math.max(Math.max(...values) / Math.min(...values), 1.02) ** 0.06
  return [Math.min(...values) / room, Math.max(...values) * room]
}

/** A ratio with its interval as a mark on the column's scale: a thin line at the baseline, a band for the noise of the A/A pair. */
export function whisker(
  ratio: Estimate,
  domain: readonly [number, number],
  noise: number | undefined,
  color: string,
): Html {
  const axis = { kind: 'log', domain, ticks: [] } as const
  const at = (value: number) => Number((Math.min(1, Math.max(0, place(axis, value))) * WIDTH).toFixed(1))
  const one = at(1)
  const { center, lo = center, hi = center } = ratio
  return html`<svg class="whisker" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">${
    noise !== undefined &&
    html`<rect x="${at(1 / noise)}" width="${Math.max(1, at(noise) - at(1 / noise))}" height="${HEIGHT}" fill="var(--band)"/>`
  }<path d="M0,8H${WIDTH}" stroke="var(--line)"/><path d="M${one},0V${HEIGHT}" stroke="var(--muted)" stroke-width="1"/><path d="M${at(lo)},8H${at(hi)}" stroke="${color}" stroke-width="2" fill="none"/><circle cx="${at(center)}" cy="8" r="3.5" fill="${color}" stroke="var(--paper)"/></svg>`
}
