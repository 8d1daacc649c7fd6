/** Compares dotted versions number by number; missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function isWithin(version: string, [from, below]: readonly [string, string]): boolean {
  return compareVersions(version, from) >= 0 && compareVersions(version, below) < 0
}
