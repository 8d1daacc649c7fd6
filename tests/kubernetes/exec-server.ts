import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createProxy, type Server as NetServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'

/** Of the protocol `v5.channel.k8s.io`. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const
const OPCODE = { binary: 2, close: 8, ping: 9, pong: 10 } as const
/** RFC 6455. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What a server answers instead of doing what it is asked; undefined: it does it. */
export type Refuse = (
  request: IncomingMessage,
) => { status: number; headers?: Record<string, string>; body?: string } | undefined

/**
 * An API server that runs commands on this machine when an exec asks for it, by the protocol of Kubernetes. A command that was
 * started goes on when its connection is cut, as on a node. Paths under `root` stand for those of the pod.
 */
export async function execServer(root: string, refuse: Refuse = () => undefined) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const { status = 200, headers = {}, body = '{"items":[]}' } = refuse(request) ?? {}
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    asked.push(request.url ?? '')
    const refused = refuse(request)
    if (refused) {
      const lines = Object.entries(refused.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      const body = refused.body ?? ''
      socket.end(`HTTP/1.1 ${refused.status} No\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n${body}`)
      return
    }
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
    )
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    carryOut(
      socket,
      searchParams.getAll('command').map((word) => word.replaceAll('/files', join(root, 'files'))),
    )
  })
  const port = await listening(server)
  return { url: `http://127.0.0.1:${port}`, port, asked, [Symbol.asyncDispose]: () => closed(server) }
}

function carryOut(socket: Duplex, [program = '', ...args]: readonly string[]): void {
  const child = spawn(program, args, { stdio: 'pipe', detached: true })
  const send = (channel: number, data: Uint8Array | string) =>
    void (socket.writable && socket.write(frame(OPCODE.binary, Buffer.concat([Buffer.of(channel), Buffer.from(data)]))))
  child.stdout.on('data', (data: Buffer) => send(CHANNEL.stdout, data))
  child.stderr.on('data', (data: Buffer) => send(CHANNEL.stderr, data))
  child.stdin.on('error', () => {})
  socket.on('error', () => {})
  // What was started goes on: it only reads and says no more.
  socket.on('end', () => socket.destroy())
  socket.on('close', () => child.stdin.end())
  child.on('error', (error) => status({ status: 'Failure', message: error.message }))
  child.on('close', (code) => {
    const causes = [{ reason: 'ExitCode', message: `${code}` }]
    status(code === 0 ? { status: 'Success' } : { status: 'Failure', reason: 'NonZeroExitCode', details: { causes } })
  })
  const status = (about: object) => {
    send(CHANNEL.status, JSON.stringify(about))
    if (socket.writable) socket.end(frame(OPCODE.close, Buffer.of(3, 232)))
  }
  let held = Buffer.alloc(0)
  socket.on('data', (part: Buffer) => {
    held = Buffer.concat([held, part])
    for (let next = unframed(held); next; next = unframed(held)) {
      held = held.subarray(next.length)
      const [channel, ...rest] = next.payload
      if (next.opcode === OPCODE.ping) socket.write(frame(OPCODE.pong, next.payload))
      else if (next.opcode === OPCODE.close) socket.end()
      else if (channel === CHANNEL.close) child.stdin.end()
      else if (channel === CHANNEL.stdin) child.stdin.write(Buffer.from(rest))
    }
  })
}

/** One frame of a server. */
function frame(opcode: number, payload: Buffer): Buffer {
  const first = Buffer.of(0x80 | opcode)
  if (payload.length < 126) return Buffer.concat([first, Buffer.of(payload.length), payload])
  const size = Buffer.alloc(9)
  size.writeUInt8(127)
  size.writeBigUInt64BE(BigInt(payload.length), 1)
  return Buffer.concat([first, size, payload])
}

/** The first frame of a client, which is masked; undefined where it is not complete. Clients here send little. */
function unframed(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  const extended = short === 126 ? 2 : 0
  if (bytes.length < 6 + extended) return undefined
  const size = short === 126 ? bytes.readUInt16BE(2) : short
  const start = 6 + extended
  if (bytes.length < start + size) return undefined
  const mask = bytes.subarray(start - 4, start)
  const payload = Buffer.from(bytes.subarray(start, start + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0)))
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, length: start + size }
}

/** A proxy that lets every connection live for so many milliseconds, and then cuts it without a word. */
export async function cuttingProxy(port: number, after: number) {
  let cuts = 0
  const proxy = createProxy((client: Socket) => {
    const server = connect(port, '127.0.0.1')
    client.pipe(server).pipe(client)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const timer = setTimeout(() => {
      cuts++
      end()
    }, after)
    for (const one of [client, server]) {
      one.on('error', end).on('close', () => {
        clearTimeout(timer)
        end()
      })
    }
  })
  const own = await listening(proxy)
  return { url: `http://127.0.0.1:${own}`, cuts: () => cuts, [Symbol.asyncDispose]: () => closed(proxy) }
}

export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    // Without it, the library refuses a server without TLS.
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

async function listening(server: NetServer): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

async function closed(server: { close(done: () => void): unknown; closeAllConnections?(): void }): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done())
    server.closeAllConnections?.()
  })
}
