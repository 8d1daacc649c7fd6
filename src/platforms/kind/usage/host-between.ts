import { strainBetween } from '../../../host/strain.ts'
import type { Host } from '../../../model/usage.ts'
import type { NodeEdge } from './node-edge.ts'

/**
 * The whole machine, as any of its nodes sees it: /proc/stat knows no containers. A clock step below what the readings can tell
 * is none.
 */
export function hostBetween(open: NodeEdge, close: NodeEdge): Host {
  const seconds = close.monotonic - open.monotonic
  const step = close.wall - open.wall - seconds
  return {
    cores: close.host.cores,
    busyCores: (close.host.busy - open.host.busy) / seconds,
    stolenCores: (close.host.stolen - open.host.stolen) / seconds,
    clockStep: Math.abs(step) <= open.clockDoubt + close.clockDoubt ? 0 : step,
    ...strainBetween(open.strain, close.strain),
  }
}
