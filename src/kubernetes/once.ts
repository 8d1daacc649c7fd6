/** Gets each thing once, however many ask for it; one that failed is tried anew by the next who asks. */
export function once<T>(): (key: string, get: () => Promise<T>) => Promise<T> {
  const got = new Map<string, Promise<T>>()
  return (key, get) => {
    const known = got.get(key)
    if (known) return known
    const getting = get()
    got.set(key, getting)
    getting.catch(() => got.delete(key))
    return getting
  }
}
