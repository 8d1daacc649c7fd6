import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readdirSafely, readProc } from '../../host/processes.ts'
import { Failure } from '../../model/failure.ts'
import type { Evidence } from '../../model/usage.ts'
import type { Endpoints } from './chain.ts'
import type { EndpointName } from './envoy/envoy-bootstrap.ts'
import type { Address } from './envoy/envoy-parts.ts'
import { parseListener } from './proc.ts'
import type { Child } from './processes-of-arm.ts'

/** Sent through the whole chain; the server sends it back. */
const BODY = 'meshbench asks, the server answers'
/** For one try, in milliseconds. */
const PATIENCE = 2000

const ASK: Readonly<Record<EndpointName, (to: Address) => Promise<string>>> = {
  http: askHttp,
  grpc: askGrpc,
  tcp: askTcp,
}

/** Waits until the application answers a real request on this endpoint. What breaks meanwhile aborts the signal. */
export async function untilAnswered(
  endpoint: EndpointName,
  to: Address,
  within: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + within * 1000
  for (;;) {
    signal.throwIfAborted()
    try {
      const answer = await ASK[endpoint](to)
      if (answer === BODY) return
      throw new Error(`an unexpected answer: ${answer.slice(0, 200)}`)
    } catch (error) {
      signal.throwIfAborted()
      if (performance.now() > deadline) throw unanswered(endpoint, to, within, error)
      await sleep(10)
    }
  }
}

function unanswered(endpoint: EndpointName, { host, port }: Address, within: number, cause: unknown): Failure {
  return new Failure('no-answer', `no answer to a ${endpoint} request at ${host}:${port} within ${within} s`, {
    cause,
    remedy:
      'Every process of the arm runs, so check the proxies: set `values: { accessLog: true }` and run the arm alone.',
  })
}

async function askHttp({ host, port }: Address): Promise<string> {
  const asking = request({ host, port, method: 'POST', timeout: PATIENCE, agent: false })
  asking.on('timeout', () => asking.destroy(new Error('time-out')))
  asking.end(BODY)
  const [response] = await once(asking, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return response.statusCode === 200 ? text : `status ${response.statusCode}: ${text}`
}

/** gRPC's standard health check: an empty request; the answer is the byte string 08 01 (SERVING). */
async function askGrpc({ host, port }: Address): Promise<string> {
  const session = connectHttp2(`http://${host}:${port}`)
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    session.on('error', (error) => stream.destroy(error))
    stream.setTimeout(PATIENCE, () => stream.destroy(new Error('time-out')))
    stream.end(Buffer.alloc(5))
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    const answer = Buffer.concat(chunks).toString('hex')
    return answer === '00000000020801' ? BODY : answer || 'nothing'
  } finally {
    session.destroy()
  }
}

async function askTcp({ host, port }: Address): Promise<string> {
  const socket = connect({ host, port, timeout: PATIENCE })
  try {
    socket.on('timeout', () => socket.destroy(new Error('time-out')))
    socket.write(BODY)
    let text = ''
    for await (const chunk of socket) {
      text += chunk
      if (text.length >= BODY.length) return text
    }
    return text || 'the connection was closed'
  } finally {
    socket.destroy()
  }
}

/** For an arm without proxies: that the ports which the generator is pointed at are the application's own. */
export function directEvidence(server: Child, entry: Endpoints): Evidence[] {
  const ports = [...entry.values()].map(({ port }) => port)
  const sockets = socketsOf(server.pid)
  const table = readProc('net/tcp') ?? ''
  const own = ports.every((port) => sockets.has(`socket:[${parseListener(table, port)}]`))
  const where = ports.map((port) => `127.0.0.1:${port}`).join(', ')
  const seen = own
    ? `no proxy: the generator is pointed at ${where}, where the server itself listens (process ${server.pid})`
    : `${where} is not the server's own (process ${server.pid})`
  return [
    { name: 'path', holds: own, seen, source: '/proc/net/tcp' },
    { name: 'mtls', seen: 'none: plain traffic between generator and server', source: 'configuration' },
  ]
}

function socketsOf(pid: number): Set<string> {
  const links = readdirSafely(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return new Set(links)
}
