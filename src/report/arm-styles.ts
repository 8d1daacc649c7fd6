import type { Role } from '../model/usage.ts'
import { type Html, html } from './html.ts'

/** How an arm looks, the same in every table and chart: never told apart by colour alone. */
export interface ArmStyle {
  readonly name: string
  /** A key of the mesh registry. */
  readonly mesh: string
  /** What the arm's mesh is, in words. */
  readonly title: string
  /** A CSS colour that follows the theme. */
  readonly color: string
  /** A path in the square from -1 to 1. */
  readonly shape: string
  readonly dash: readonly number[]
  readonly role: 'baseline' | 'repeat' | 'other'
}

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

/** How parts of the bill are called and coloured, in the order in which bars stack them. */
export const ROLE_STYLES: Readonly<Record<Role, { readonly title: string; readonly color: string }>> = {
  application: { title: 'application', color: 'var(--role-application)' },
  'client-proxy': { title: 'client proxy', color: 'var(--role-client-proxy)' },
  'server-proxy': { title: 'server proxy', color: 'var(--role-server-proxy)' },
  'node-proxy': { title: 'node proxy', color: 'var(--role-node-proxy)' },
  waypoint: { title: 'waypoint', color: 'var(--role-waypoint)' },
  gateway: { title: 'gateway', color: 'var(--role-gateway)' },
  cni: { title: 'CNI', color: 'var(--role-cni)' },
  'control-plane': { title: 'control plane', color: 'var(--role-control-plane)' },
  node: { title: 'rest of the node', color: 'var(--role-node)' },
  cluster: { title: 'Kubernetes itself', color: 'var(--role-cluster)' },
  generator: { title: 'load generator', color: 'var(--role-node)' },
}

const ORDER = Object.keys(ROLE_STYLES) as Role[]

export function byRole(a: { readonly role: Role }, b: { readonly role: Role }): number {
  return ORDER.indexOf(a.role) - ORDER.indexOf(b.role)
}
