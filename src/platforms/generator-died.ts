import { Failure } from '../model/failure.ts'

/** One of several load generators did not come to the end of its window: the others alone sent another load. */
export function generatorDied({ name, node }: { name: string; node?: string | undefined }, cause: unknown): Failure {
  const where = node === undefined ? name : `${name} on node ${node}`
  return new Failure('generator-died', `load generator ${where} ended before its window did`, {
    cause,
    remedy:
      'The trial has no measurement, and the arm is made anew for the next one. If it happens again, look at the events of its pod and node: `kubectl get events -A`.',
  })
}
