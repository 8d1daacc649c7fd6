import type { Step } from '../model/platform.ts'
import type { Program, ProgramName } from '../model/tool.ts'
import { type ObtainAbout, obtain } from './obtain.ts'

/** Finds or fetches several programs at once. The first that cannot be had ends the others. */
export async function* obtainAll<const Name extends ProgramName>(
  names: readonly Name[],
  about: ObtainAbout,
): AsyncGenerator<Step, Readonly<Record<Name, Program>>> {
  const end = new AbortController()
  const signal = AbortSignal.any([about.signal, end.signal])
  const sources = [...new Set(names)].map((name) => obtain(name, { ...about, signal }))
  const waiting = new Map(sources.map((source) => [source, advance(source)]))
  const found = new Map<string, Program>()
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values())
      if (result.done) {
        waiting.delete(source)
        found.set(result.value.name, result.value)
      } else {
        waiting.set(source, advance(source))
        yield result.value
      }
    }
    return Object.fromEntries(found) as Record<Name, Program>
  } finally {
    end.abort()
    // A generator works on until it has seen the signal; its children and folders are gone only then.
    await Promise.allSettled(waiting.values())
    await Promise.allSettled(sources.map((source) => source.return(undefined as never)))
  }
}

type Source = AsyncGenerator<Step, Program>

function advance(source: Source) {
  const next = source.next().then((result) => ({ source, result }))
  // It may fail while the consumer holds a step; the race sees it afterwards.
  next.catch(() => undefined)
  return next
}
