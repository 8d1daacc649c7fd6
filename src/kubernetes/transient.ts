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
