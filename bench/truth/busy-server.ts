import { createServer } from 'node:http'
import { parentPort } from 'node:worker_threads'

/**
 * An HTTP server whose answers to `/?delay=SECONDS` are late by exactly that: it spins until the time has come, since a
 * timer oversleeps by up to a millisecond, which is what is to be measured here. One request at a time.
 */
const server = createServer((request, response) => {
  const until =
    performance.now() + 1000 * Number(new URL(request.url ?? '/', 'http://host').searchParams.get('delay') ?? 0)
  while (performance.now() < until);
  response.end('ok')
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  parentPort?.postMessage(typeof address === 'object' ? address?.port : undefined)
})
