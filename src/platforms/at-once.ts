import type { Step } from '../model/platform.ts'

type Task = () => AsyncGenerator<Step, void>

/** Runs tasks, at most `width` at once, and yields their steps as they come. The first that breaks ends the others. */
export async function* atOnce(width: number, tasks: readonly Task[]): AsyncGenerator<Step, void> {
  const queue = [...tasks]
  const waiting = new Map<AsyncGenerator<Step, void>, ReturnType<typeof advance>>()
  const start = () => {
    const task = queue.shift()
    if (!task) return
    const source = task()
    waiting.set(source, advance(source))
  }
  for (let index = 0; index < width; index++) start()
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values())
      if (result.done) {
        waiting.delete(source)
        start()
      } else {
        waiting.set(source, advance(source))
        yield result.value
      }
    }
  } finally {
    // A generator works on until it notices; what it makes must be known before anything is removed.
    await Promise.allSettled(waiting.values())
    await Promise.allSettled([...waiting.keys()].map((source) => source.return(undefined)))
  }
}

function advance(source: AsyncGenerator<Step, void>) {
  const next = source.next().then((result) => ({ source, result }))
  // It may fail while the consumer holds a step; the race sees it afterwards.
  next.catch(() => undefined)
  return next
}
