/** At most so many of a list, evenly spread over it, its ends among them. */
export function thinned<One>(all: readonly One[], most: number): readonly One[] {
  if (all.length <= most) return all
  const step = (all.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, index) => all[Math.round(index * step)] as One)
}
