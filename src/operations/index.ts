import { controlPlaneDown } from './control-plane-down.ts'
import { nodeDrained } from './node-drained.ts'
import type { Operation } from './operation-steps.ts'
import { policyChanged } from './policy-changed.ts'
import { proxyKilled } from './proxy-killed.ts'
import { proxyRestarted } from './proxy-restarted.ts'
import { routeChanged } from './route-changed.ts'
import { serverRollout } from './server-rollout.ts'
import { serverScale } from './server-scale.ts'

/** The registry of operations by name: a new one is a file here and a line. */
export const operations: Readonly<Record<string, Operation>> = Object.fromEntries(
  [
    serverRollout,
    serverScale,
    proxyKilled,
    proxyRestarted,
    controlPlaneDown,
    routeChanged,
    policyChanged,
    nodeDrained,
  ].map((operation) => [operation.name, operation]),
)

/** The operations of these loads. */
export function operationsOf(loads: readonly { readonly operation?: string }[]): Operation[] {
  const names = new Set(loads.flatMap(({ operation }) => operation ?? []))
  return [...names].flatMap((name) => operations[name] ?? [])
}
