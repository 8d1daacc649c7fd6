import type { Role } from '../model/usage.ts'
import type { ArmStyle } from './arm-styles.ts'
import { ROLE_STYLES } from './charts/roles.ts'
import { type Html, html } from './html.ts'

/** The mark that stands for an arm everywhere: its colour, dash and shape. */
export function swatch({ color, shape, dash }: ArmStyle): Html {
  const scaled = dash[1] === 0 ? '' : html` stroke-dasharray="${dash.join(' ')}"`
  return html`<svg class="swatch" viewBox="-12 -6 24 12" aria-hidden="true"><path d="M-12,0H12" stroke="${color}" stroke-width="2"${scaled}/><path d="${shape}" transform="scale(4.4)" fill="${color}"/></svg>`
}

export function armLegend(arms: readonly ArmStyle[]): Html {
  return html`<ul class="legend" aria-label="Legend">${arms.map((style) => html`<li>${swatch(style)}${style.name}</li>`)}</ul>`
}

export function roleLegend(roles: readonly Role[]): Html {
  return html`<ul class="legend" aria-label="Legend">${roles.map(
    (role) =>
      html`<li><svg class="swatch chip" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="2" fill="${ROLE_STYLES[role].color}"/></svg>${ROLE_STYLES[role].title}</li>`,
  )}</ul>`
}
