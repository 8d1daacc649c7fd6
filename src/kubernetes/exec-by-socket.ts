import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Exec, KubeConfig } from '@kubernetes/client-node'
import { connectionReason } from '../host/outgoing.ts'
import type { Seconds } from '../model/units.ts'
import type { ExecEnd, ExecSink, ExecSocket } from './api.ts'
import type { ExecOf } from './cluster.ts'

const HANDSHAKE: Seconds = 10

export async function execBySocket(
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
      void bodyOf(response).then((text) => resolve({ refused: { status: response.statusCode ?? 0, text } }))
    })
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
