import type { Share } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'

/** The whole load. */
export const WHOLE: Share = { index: 0, of: 1 }

/** How many of so many things a generator has: the first ones have one more where they do not divide. */
export function countOf(all: number, { index, of }: Share): number {
  return Math.floor(all / of) + (index < all % of ? 1 : 0)
}

/**
 * What of a load a generator sends that gives its rate to its connections: whole connections, and of the rate as much as each
 * connection of the whole load has. Connections and rates of all generators add up to those of the load.
 */
export function shareOf(load: Load, share: Share): Load {
  if (share.of === 1) return load
  const connections = countOf(load.connections, share)
  if (load.rate === 'max') return { ...load, connections }
  const rate = (load.rate * connections) / load.connections
  // A quotient may be below the truth by its last digit, and a whole number of requests would then lack one for each connection.
  const isShort = Math.floor(rate * load.duration * (1 + ROUNDING)) > Math.floor(rate * load.duration)
  return { ...load, connections, rate: isShort ? rate * (1 + ROUNDING) : rate }
}

/** Four units in the last place of a double. */
const ROUNDING = 2 ** -50
