import type { Role } from '../../model/usage.ts'

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
