import type { Api } from './api.ts'
import { ask } from './ask.ts'

export interface LogOf {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly tailLines: number
  /** Of the container's run before this one. */
  readonly previous?: boolean
  readonly signal?: AbortSignal | undefined
}

export async function containerLog(api: Api, about: LogOf): Promise<string> {
  const { namespace, pod, container, tailLines, previous = false, signal } = about
  const query = new URLSearchParams({ container, tailLines: String(tailLines), previous: String(previous) })
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`
  return (await ask(api, { path, signal, behind: true })).text
}
