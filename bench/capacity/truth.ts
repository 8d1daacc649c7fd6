import { random } from '../../src/stats/random.ts'

/** The simulated server, as its scenario states it, and the load on it. */
export interface Queue {
  /** Median service time in seconds, and the sigma of its logarithm. */
  readonly latency: number
  readonly spread: number
  readonly connections: number
}

/**
 * The rate at which p99 of the response time is the goal, in the long run: each connection is a queue of its own, at which requests
 * arrive at even intervals and are served one after the other (D/G/1), so a request waits as Lindley's recursion says:
 * next wait = max(0, wait + service − interval). This is another computation than that of the simulated load generator.
 * `requests`: how many are simulated for each rate; the same services for each, so that p99 grows with the rate.
 */
export function trueCapacity(queue: Queue, p99: number, requests = 2_000_000): number {
  const stream = random(1, 'truth')
  const services = Float64Array.from(
    { length: requests },
    () => queue.latency * Math.exp(queue.spread * stream.normal()),
  )
  const responses = new Float64Array(requests)
  const tailAt = (rate: number) => {
    const interval = queue.connections / rate
    let wait = 0
    for (let index = 0; index < requests; index++) {
      const service = services[index] as number
      responses[index] = wait + service
      wait = Math.max(0, wait + service - interval)
    }
    return responses.toSorted()[Math.floor(0.99 * requests)] as number
  }
  let [low, high] = [0, queue.connections / queue.latency]
  while (high / Math.max(low, 1e-9) > 1.0005) {
    const middle = (low + high) / 2
    if (tailAt(middle) <= p99) low = middle
    else high = middle
  }
  return (low + high) / 2
}
