import type { KubeConfig } from '@kubernetes/client-node'
import { connectionReason } from '../host/outgoing.ts'
import { Failure } from '../model/failure.ts'
import { milliseconds } from '../model/units.ts'
import type { Api, ApiAnswer, ApiRequest } from './api.ts'
import { execBySocket } from './exec-by-socket.ts'

/** The only place that loads the client library, which takes a third of a second. */
export async function openApi(kubeconfig: string): Promise<Api> {
  const library = await import('@kubernetes/client-node')
  const config = new library.KubeConfig()
  const server = load(config, kubeconfig)
  const closing = new AbortController()
  const pool = shareConnections(config)
  const http = new library.IsomorphicFetchHttpLibrary()

  async function send({ method, path, body, contentType, within, signal }: ApiRequest): Promise<ApiAnswer> {
    const context = new library.RequestContext(server + path, method)
    const limit = AbortSignal.timeout(milliseconds(within))
    context.setSignal(AbortSignal.any([closing.signal, limit, ...(signal ? [signal] : [])]))
    context.setHeaderParam('Accept', 'application/json, */*;q=0.8')
    if (contentType !== undefined) context.setHeaderParam('Content-Type', contentType)
    if (body !== undefined) context.setBody(body)
    try {
      await config.applySecurityAuthentication(context)
      const answer = await http.send(context).toPromise()
      return { status: answer.httpStatusCode, text: await answer.body.text() }
    } catch (error) {
      signal?.throwIfAborted()
      closing.signal.throwIfAborted()
      if (limit.aborted) throw new Error(`no answer within ${within} s`, { cause: error })
      throw new Error(connectionReason(error), { cause: error })
    }
  }

  function watch(path: string, onEvent: (type: string, object: unknown) => void, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const ended = AbortSignal.any([closing.signal, signal])
    if (ended.aborted) return Promise.resolve()
    ended.addEventListener('abort', () => resolve(), { once: true })
    const [bare = path, query] = path.split('?')
    // The request can be aborted only once it was answered; until then its end is not waited for.
    void new library.Watch(config)
      .watch(bare, Object.fromEntries(new URLSearchParams(query)), onEvent, () => resolve())
      .then((request) => (ended.aborted ? request.abort() : ended.addEventListener('abort', () => request.abort())))
      .catch(() => resolve())
    return promise
  }

  return {
    server,
    send,
    watch,
    exec: (what, sink, signal) =>
      execBySocket(library.Exec, config, what, sink, AbortSignal.any([closing.signal, signal])),
    close: async () => {
      closing.abort(new Failure('closed', 'The connection to the cluster was closed.'))
      await pool.destroy()
    },
  }
}

function load(config: KubeConfig, kubeconfig: string): string {
  try {
    config.loadFromString(kubeconfig)
    const server = config.getCurrentCluster()?.server
    if (server === undefined) throw new Error('its current context names no cluster')
    return server.replace(/\/$/, '')
  } catch (cause) {
    throw new Failure('kubeconfig', 'The kubeconfig cannot be used.', {
      cause,
      fix: 'Try it with `kubectl --kubeconfig FILE get nodes`.',
    })
  }
}

/** The library makes a connection pool for every request and closes none: all get the first one. */
function shareConnections(config: KubeConfig): { destroy(): Promise<void> } {
  type Context = Parameters<KubeConfig['applySecurityAuthentication']>[0]
  const authenticate = config.applySecurityAuthentication.bind(config)
  let shared: ReturnType<Context['getDispatcher']>
  config.applySecurityAuthentication = async (context) => {
    await authenticate(context)
    shared ??= context.getDispatcher()
    if (shared) context.setDispatcher(shared)
  }
  return { destroy: async () => await shared?.destroy() }
}
