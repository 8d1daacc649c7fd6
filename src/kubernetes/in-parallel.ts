/** Runs a task for each item, at most `width` at once. Stops starting more at the first that breaks, and throws what it threw. */
export async function inParallel<T>(
  width: number,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  let broken = false
  const worker = async () => {
    for (const item of queue) {
      if (broken) return
      await task(item).catch((error) => {
        broken = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
