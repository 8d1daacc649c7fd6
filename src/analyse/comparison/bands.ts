import type { Role } from '../../model/usage.ts'

/** In base units. */
export interface Band {
  readonly lo: number
  readonly hi: number
}

/** What others have found of a mesh: 1 KB at some 1,000/s on small machines. */
export interface Published {
  /** To p50, against no mesh. */
  readonly added: Band
  readonly proxies: readonly {
    readonly role: Role
    /** How often a request passes one of them. */
    readonly traversals: number
    /** For 1,000/s and traversal. */
    readonly cores: Band
    readonly memory: Band
  }[]
}

const MIB = 1024 ** 2
const mib = (lo: number, hi: number): Band => ({ lo: lo * MIB, hi: hi * MIB })
const sidecars = (cores: Band, memory: Band) =>
  (['client-proxy', 'server-proxy'] as const).map((role) => ({ role, traversals: 1, cores, memory }))

/**
 * From what Istio publishes for 1.24 (0.20 cores and 60 MB a sidecar, 0.06 and 12 a ztunnel, 0.25 and 60 a waypoint at
 * 1,000/s), Bieringa's, Solo's and Buoyant's measurements, widened to what small nodes have shown. Least additions: of a
 * sidecar below Istio's own 0.175 ms at p90 for 1.19, of ambient below its 0.16 ms for 1.24. For a waypoint (one Envoy and
 * ambient's tunnels) and for Linkerd nobody publishes less; theirs follow from these two by the order below.
 */
export const OFFICIAL: Readonly<Record<string, Published>> = {
  'istio-sidecar': {
    added: { lo: 0.15e-3, hi: 3e-3 },
    proxies: sidecars({ lo: 0.2, hi: 0.6 }, mib(40, 160)),
  },
  'istio-ambient': {
    added: { lo: 0.05e-3, hi: 1e-3 },
    proxies: [{ role: 'node-proxy', traversals: 2, cores: { lo: 0.05, hi: 0.4 }, memory: mib(3, 40) }],
  },
  'istio-ambient-waypoint': {
    added: { lo: 0.1e-3, hi: 4e-3 },
    proxies: [{ role: 'waypoint', traversals: 1, cores: { lo: 0.25, hi: 0.6 }, memory: mib(40, 160) }],
  },
  linkerd: {
    added: { lo: 0.1e-3, hi: 3e-3 },
    proxies: sidecars({ lo: 0.15, hi: 0.4 }, mib(3, 30)),
  },
}

/** Lower ones are faster at low rates; equal ones are not told apart. */
export const RANKS: Readonly<Record<string, number>> = {
  'istio-ambient': 1,
  linkerd: 2,
  'istio-ambient-waypoint': 2,
  'istio-sidecar': 3,
}
