const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
}

/** "500m" → 0.5, "2" → 2, "1Gi" → 1073741824: cores or bytes. Undefined when it is no quantity. */
export function parseQuantity(text: string): number | undefined {
  const found = /^([0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(text)
  const factor = FACTORS[found?.[2] ?? '?']
  const value = Number(found?.[1])
  return factor === undefined || Number.isNaN(value) ? undefined : value * factor
}
