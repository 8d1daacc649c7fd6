/** What a generator of steps leads to. */
export async function opened<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const next = await steps.next()
    if (next.done) return next.value
  }
}
