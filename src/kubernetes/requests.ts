import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Seconds } from '../model/units.ts'
import type { Api, ApiAnswer, ApiRequest } from './api.ts'

interface Question {
  readonly path: string
  readonly signal?: AbortSignal | undefined
  /** Of one attempt. */
  readonly within?: Seconds
  /** How long no answer, or a busy server, is put up with. */
  readonly patience?: Seconds
  /** Statuses that are answers, besides 2xx. */
  readonly accept?: readonly number[]
  /** A server error is the answer of what stands behind the API server: not asked again. */
  readonly behind?: boolean
}

/** GETs, again where a connection breaks: an API server that was frozen drops some. */
export async function ask(api: Api, question: Question): Promise<ApiAnswer> {
  const { path, signal, within = 10, patience = 30, accept = [], behind = false } = question
  const answer = await again(patience, signal, async () => {
    const given = await attempt(api, { method: 'GET', path, within, signal })
    const busy = typeof given !== 'string' && !behind && isPassingStatus(given.status)
    return { value: given, final: typeof given !== 'string' && !busy }
  })
  if (typeof answer === 'string') throw unreachable(api, answer)
  if (answer.status < 300 || accept.includes(answer.status)) return answer
  throw new Failure('cluster-refused', `The API server did not answer ${path.split('?')[0]}.`, {
    cause: saidBy(answer),
  })
}

/** One attempt; the reason when there was no answer. */
export async function attempt(api: Api, request: ApiRequest): Promise<ApiAnswer | string> {
  try {
    return await api.send(request)
  } catch (error) {
    request.signal?.throwIfAborted()
    return error instanceof Error ? error.message : String(error)
  }
}

/** Tries until it is final or patience ends, at growing distances of at most 1 s; gives what came last. */
export async function again<T>(
  patience: Seconds,
  signal: AbortSignal | undefined,
  once: () => Promise<{ value: T; final: boolean; patience?: Seconds }>,
): Promise<T> {
  const start = performance.now()
  for (let pause = 0.1; ; pause = Math.min(pause * 2, 1)) {
    const { value, final, patience: own = patience } = await once()
    const spent = (performance.now() - start) / 1000
    if (final || spent + pause > Math.min(own, patience)) return value
    await delay(pause * 1000, undefined, signal ? { signal } : {})
  }
}

export function unreachable(api: Api, reason: string): Failure {
  return new Failure('cluster-unreachable', `The cluster's API server at ${api.server} cannot be reached.`, {
    cause: reason,
    remedy: 'Check that the cluster runs and is not paused.',
  })
}

/** What a refusal says: the message of a Status, or the text itself. */
export function saidBy(answer: ApiAnswer): string {
  const text = answer.text.trim()
  try {
    const message = (JSON.parse(text) as { message?: unknown }).message
    if (typeof message === 'string' && message !== '') return `${message} (${answer.status})`
  } catch {
    // Not a Status: proxied answers are plain text.
  }
  return text === '' ? `status ${answer.status}` : `${text.slice(0, 400)} (${answer.status})`
}

/** Refusals that end by themselves, in the words of API servers, webhooks and helm. */
const PASSING = new RegExp(
  [
    'failed calling webhook',
    'connection refused',
    'connection reset',
    'connection lost',
    'no route to host',
    'no endpoints available',
    'context deadline exceeded',
    'i/o timeout',
    'TLS handshake timeout',
    'unexpected EOF',
    'etcdserver',
    'leader changed',
    'too many requests',
    'the object has been modified',
    'object is being deleted',
    'is being terminated',
    'unable to handle the request',
    'no matches for kind',
    'could not find the requested resource',
    'service ?account "?[^ ]+"? not found',
    'namespaces "[^"]+" not found',
  ].join('|'),
  'i',
)

export function isPassing(reason: string): boolean {
  return PASSING.test(reason)
}

/** Conflict, too many requests, and what is the server's own fault. */
export function isPassingStatus(status: number): boolean {
  return status === 409 || status === 429 || status >= 500
}
