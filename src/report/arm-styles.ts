import { meshes } from '../meshes/index.ts'
import { baselineOf, isSameArm, type Scenario } from '../model/scenario.ts'
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

const SHAPES = [
  'M-.9,-.9H.9V.9H-.9Z',
  'M0,-1.1L1.1,.9H-1.1Z',
  'M0,-1.25L1.15,0L0,1.25L-1.15,0Z',
  'M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z',
  'M0,1.1L1.1,-.9H-1.1Z',
  'M-1.1,0L.9,-1.1V1.1Z',
  'M1.1,0L-.9,-1.1V1.1Z',
] as const
const CIRCLE = 'M0,-1A1,1,0,1,1,0,1A1,1,0,1,1,0,-1Z'

/** Beyond the palette, colours and shapes repeat and the dash tells them apart. */
const DASHES = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
] as const
/** As many as the theme has `--arm-n` for. */
const COLORS = 7

export function armStyles(scenario: Pick<Scenario, 'arms'>): ArmStyle[] {
  const baseline = baselineOf(scenario)
  let others = 0
  return scenario.arms.map((arm) => {
    const common = { name: arm.name, mesh: arm.mesh, title: meshes[arm.mesh]?.title ?? arm.mesh }
    if (arm === baseline) return { ...common, role: 'baseline', color: 'var(--arm-0)', shape: CIRCLE, dash: [1, 0] }
    if (isSameArm(arm, baseline)) {
      return { ...common, role: 'repeat', color: 'var(--arm-0)', shape: 'M-1,-.35H1V.35H-1Z', dash: [2, 3] }
    }
    const place = others++
    return {
      ...common,
      role: 'other',
      color: `var(--arm-${(place % COLORS) + 1})`,
      shape: SHAPES[place % SHAPES.length] ?? CIRCLE,
      dash: DASHES[Math.floor(place / COLORS) % DASHES.length] ?? [1, 0],
    }
  })
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
