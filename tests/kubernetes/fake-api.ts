import type { Api, ApiAnswer, ApiRequest } from '../../src/kubernetes/api.ts'

/** An API server by hand: `answer` gets every request; watches stay silent until `change` is called. */
export function fakeApi(answer: (request: ApiRequest) => unknown) {
  const asked: string[] = []
  const watchers = new Set<() => void>()
  let missed = false
  const api: Api = {
    server: 'https://fake',
    send: async (request) => {
      asked.push(`${request.method} ${request.path}`)
      const given = answer(request)
      if (given instanceof Error) throw given
      return isAnswer(given) ? given : { status: 200, text: typeof given === 'string' ? given : JSON.stringify(given) }
    },
    watch: async (_path, _onEvent, signal) => {
      if (missed) {
        missed = false
        return
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      watchers.add(resolve)
      signal.addEventListener('abort', () => resolve())
      await promise
    },
    exec: async () => ({ broken: 'there is nothing here' }),
    close: async () => {},
  }
  /** Ends all watches, so that lists are read anew. */
  const change = () => {
    missed = watchers.size === 0
    for (const end of watchers) end()
    watchers.clear()
  }
  return { api, asked, change }
}

function isAnswer(given: unknown): given is ApiAnswer {
  return typeof given === 'object' && given !== null && 'text' in given
}

export function refusal(status: number, message: string): ApiAnswer {
  return { status, text: JSON.stringify({ kind: 'Status', message }) }
}
