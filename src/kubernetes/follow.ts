import { setTimeout as delay } from 'node:timers/promises'
import type { Api } from './api.ts'
import { ask } from './ask.ts'

interface Followed {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string }
}

/**
 * Keeps a list of objects current by watching, and hands all of it over whenever it changed, until the signal aborts.
 * `onChange` must not throw. A kind that is not known yet is an empty list.
 */
export async function follow<T>(
  api: Api,
  path: string,
  onChange: (objects: readonly T[]) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { status, text } = await ask(api, { path, signal, accept: [404] })
    if (status === 404) {
      onChange([])
      await delay(1000, undefined, { signal })
      continue
    }
    const list = JSON.parse(text) as { metadata?: { resourceVersion?: string }; items?: (T & Followed)[] }
    const objects = new Map((list.items ?? []).map((object) => [object.metadata.uid, object]))
    onChange([...objects.values()])
    const from = `${path}${path.includes('?') ? '&' : '?'}resourceVersion=${list.metadata?.resourceVersion ?? ''}`
    await api.watch(
      from,
      (type, raw) => {
        const object = raw as T & Followed
        if (type === 'ADDED' || type === 'MODIFIED') objects.set(object.metadata.uid, object)
        else if (type === 'DELETED') objects.delete(object.metadata.uid)
        else return
        if (!signal.aborted) onChange([...objects.values()])
      },
      signal,
    )
    // A server that ends watches at once must not be asked without a breath.
    if (!signal.aborted) await delay(100, undefined, { signal })
  }
}
