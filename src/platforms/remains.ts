import { isAbandoned, type Leftover, type Step } from '../model/platform.ts'

/**
 * Removes what the killed part of a run left, before the run goes on: it would be measured beside it, and clusters are
 * given the same names again.
 */
export async function* removeRemains(leftovers: () => Promise<Leftover[]>, run: string): AsyncGenerator<Step> {
  for (const left of (await leftovers()).filter((left) => left.run === run && isAbandoned(left))) {
    yield { title: `removing a leftover of this run: ${left.what}` }
    await left.remove()
  }
}
