import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable, type Writable } from 'node:stream'
import type { Exec, KubeConfig, V1Status } from '@kubernetes/client-node'
import { connectionReason } from '../host/outgoing.ts'
import { Failure } from '../model/failure.ts'
import { milliseconds, type Seconds } from '../model/units.ts'
import type { ExecOf } from './cluster.ts'

/** The API server as this program talks to it: one attempt each, no retries. */
export interface Api {
  /** Where it listens, for messages. */
  readonly server: string
  /** Any status is an answer; an Error means that there was none. */
  send(request: ApiRequest): Promise<ApiAnswer>
  /** Runs until the server or the signal ends it. Whatever ended it, the caller lists anew. */
  watch(path: string, onEvent: (type: string, object: unknown) => void, signal: AbortSignal): Promise<void>
  /** Runs a command in a container. Rejects only when it is aborted. */
  exec(what: ExecOf, sink: ExecSink, signal: AbortSignal): Promise<ExecEnd>
  close(): Promise<void>
}

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: string
  readonly contentType?: string
  readonly within: Seconds
  readonly signal?: AbortSignal | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly text: string
  /** How long it asks to be left alone: its header Retry-After. */
  readonly retryAfter?: Seconds
}

/** How a command ended, the API server's answer if it did not run, or why the end is unknown. */
type ExecEnd = { readonly ended: V1Status } | { readonly refused: ApiAnswer } | { readonly broken: string }

export interface ExecSink {
  /** In place of the bytes that are given with the command. */
  readonly stdin?: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** The connection, for holding it back. */
  opened?(socket: ExecSocket): void
}

/** The part of a WebSocket of the `ws` package that is used here. */
export interface ExecSocket {
  on(event: 'close' | 'open' | 'pong', listener: () => void): void
  on(event: 'unexpected-response', listener: (request: ClientRequest, response: IncomingMessage) => void): void
  ping(): void
  pause(): void
  resume(): void
  terminate(): void
}

/** Seconds, or a date, as RFC 9110 allows both. */
function retryAfterOf(header: unknown): Pick<ApiAnswer, 'retryAfter'> {
  if (typeof header !== 'string') return {}
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? { retryAfter: Math.max(0, seconds) } : {}
}

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
      const text = await answer.body.text()
      return { status: answer.httpStatusCode, text, ...retryAfterOf(answer.headers['retry-after']) }
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
      remedy: 'Try it with `kubectl --kubeconfig FILE get nodes`.',
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

const HANDSHAKE: Seconds = 20
/**
 * Between two pings of a connection on which nothing else may move: proxies and address translation drop what is idle for a minute. The API server
 * answers them itself, so no node has work with them. kubectl sends one every 5 s.
 */
const PING: Seconds = 20
/** Unanswered pings after which the other end has gone. */
const UNANSWERED = 3

async function execBySocket(
  ExecClass: typeof Exec,
  config: KubeConfig,
  what: ExecOf,
  sink: ExecSink,
  signal: AbortSignal,
): Promise<ExecEnd> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<ExecEnd>()
  let socket: ExecSocket | undefined
  const hooked = withSocketHook(config, (made) => {
    socket = made
    made.on('close', () => resolve({ broken: 'the connection ended before the command did' }))
    made.on('unexpected-response', (_request, response) => {
      void bodyOf(response).then((text) => {
        const { statusCode: status = 0, headers } = response
        resolve({ refused: { status, text, ...retryAfterOf(headers['retry-after']) } })
      })
    })
    keepAlive(made)
    // Aborted while the credentials were got.
    if (signal.aborted) made.terminate()
    sink.opened?.(made)
  })
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  const { namespace, pod, container, command, stdin } = what
  const input = sink.stdin ?? (stdin === undefined ? null : Readable.from([Buffer.from(stdin)]))
  new ExecClass(hooked)
    .exec(namespace, pod, container, [...command], sink.stdout, sink.stderr, input, false, (ended) =>
      resolve({ ended }),
    )
    .catch((error) => resolve({ broken: connectionReason(error) }))
  try {
    const end = await promise
    // After its status, a connection is closed in good order by the library.
    if (!('ended' in end)) socket?.terminate()
    return end
  } catch (error) {
    socket?.terminate()
    throw error
  }
}

function keepAlive(socket: ExecSocket): void {
  let unanswered = 0
  let timer: NodeJS.Timeout | undefined
  socket.on('open', () => {
    timer = setInterval(() => {
      if (unanswered === UNANSWERED) socket.terminate()
      else socket.ping()
      unanswered++
    }, milliseconds(PING))
  })
  socket.on('pong', () => {
    unanswered = 0
  })
  socket.on('close', () => clearInterval(timer))
}

/**
 * The library hands out the socket only once it is open. `ws` shows it before, so that an abort ends a handshake as well,
 * and so that the words of a refusal can be read.
 */
function withSocketHook(config: KubeConfig, made: (socket: ExecSocket) => void): KubeConfig {
  const applyToHTTPSOptions = async (options: object) => {
    await config.applyToHTTPSOptions(options)
    Object.assign(options, {
      handshakeTimeout: HANDSHAKE * 1000,
      finishRequest: (request: ClientRequest, socket: ExecSocket) => {
        made(socket)
        request.end()
      },
    })
  }
  return Object.assign(Object.create(config) as KubeConfig, { applyToHTTPSOptions })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const part of response) parts.push(part as Buffer)
  } catch {
    // What came until then is what there is.
  }
  return Buffer.concat(parts).toString()
}
