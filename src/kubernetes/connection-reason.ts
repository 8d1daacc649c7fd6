/** Why there is no answer: fetch and ws wrap it, it is in the innermost cause. */
export function connectionReason(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  if (inner instanceof AggregateError) inner = inner.errors[0]
  const message = (inner as { message?: unknown } | null)?.message
  return typeof message === 'string' && message !== '' ? message : String(inner)
}
