import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../model/failure.ts'
import type { Seconds } from '../model/units.ts'
import type { Api, ApiAnswer, ApiRequest } from './api.ts'

interface Question {
  readonly path: string
  readonly signal?: AbortSignal | undefined
  /** Of the first attempt; each further one gets as much more, so that a slow server is heard and a frozen one not waited for. */
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
  let attempts = 0
  const answer = await again(patience, signal, async () => {
    attempts++
    const judged = judge(await attempt(api, { method: 'GET', path, within: within * attempts, signal }))
    // A server error may be that of what stands behind the API server; that too many ask is said by the API server alone.
    const isIts = behind && typeof judged.value !== 'string' && judged.value.status !== THROTTLED
    return isIts ? { ...judged, final: true } : judged
  })
  if (typeof answer === 'string') throw unreachable(api, answer)
  if (answer.status < 300 || accept.includes(answer.status)) return answer
  if (!behind && isBusy(answer.status)) throw busy(api, answer)
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

/** What came of one attempt. */
interface Attempt<T> {
  readonly value: T
  readonly final: boolean
  readonly patience?: Seconds
  /** How long the other side asks to be left alone. */
  readonly after?: Seconds | undefined
}

/** An answer, or the reason why there was none: whether it is worth asking again. */
export function judge(given: ApiAnswer | string): Attempt<ApiAnswer | string> {
  if (typeof given === 'string') return { value: given, final: false }
  return { value: given, final: !isPassingStatus(given.status), after: given.retryAfter }
}

/**
 * Tries until it is final or patience ends, at growing distances of at most 1 s, and no sooner than the other side asks for; gives
 * what came last.
 */
export async function again<T>(
  patience: Seconds,
  signal: AbortSignal | undefined,
  once: () => Promise<Attempt<T>>,
): Promise<T> {
  const start = performance.now()
  for (let step = 0.1; ; step = Math.min(step * 2, 1)) {
    const { value, final, patience: own = patience, after = 0 } = await once()
    const pause = Math.max(step, after)
    const spent = (performance.now() - start) / 1000
    if (final || spent + pause > Math.min(own, patience)) return value
    await delay(pause * 1000, undefined, signal ? { signal } : {})
  }
}

const THROTTLED = 429
const BUSY: ReadonlySet<number> = new Set([THROTTLED, 502, 503, 504])

/** Whether the API server, or a proxy before it, has too much to do. */
export function isBusy(status: number): boolean {
  return BUSY.has(status)
}

/** The API server is there, and does not get round to answering: no fault of what is measured. */
export function busy(api: Pick<Api, 'server'>, answer: ApiAnswer): Failure {
  const throttled = answer.status === THROTTLED
  return new Failure(
    'cluster-busy',
    `The cluster's API server at ${api.server} ${throttled ? 'throttles this user' : 'does not get round to answering'}.`,
    {
      cause: `${saidBy(answer)}${answer.retryAfter === undefined ? '' : `; it asks for a pause of ${answer.retryAfter} s`}`,
      remedy: throttled
        ? 'Try again when less is asked of it: its own limits (API Priority and Fairness) and those of a proxy before it count all clients of this user.'
        : 'Try again; if it happens again, look at the API server and at proxies and load balancers before it.',
    },
  )
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
function isPassingStatus(status: number): boolean {
  return status === 409 || status === 429 || status >= 500
}
