import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import type { V1Status } from '@kubernetes/client-node'
import type { Seconds } from '../model/units.ts'
import type { ExecOf } from './cluster.ts'

/** The API server as this program talks to it: one attempt each, no retries. */
export interface Api {
  /** Where it listens, for messages. */
  readonly server: string
  /** Any status is an answer; an Error means that there was none. */
  send(request: ApiRequest): Promise<ApiAnswer>
  /** Runs until the server or the signal ends it. Whatever ended it, the caller lists anew. */
  watch(path: string, onEvent: (type: string, object: unknown) => void, signal: AbortSignal): Promise<void>
  /** Runs a command in a container. Rejects only when it is aborted. */
  exec(what: ExecOf, sink: ExecSink, signal: AbortSignal): Promise<ExecEnd>
  close(): Promise<void>
}

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: string
  readonly contentType?: string
  readonly within: Seconds
  readonly signal?: AbortSignal | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly text: string
}

/** How a command ended, the API server's answer where it is not run, or why nobody knows. */
export type ExecEnd = { readonly ended: V1Status } | { readonly refused: ApiAnswer } | { readonly broken: string }

export interface ExecSink {
  /** In place of the bytes that are given with the command. */
  readonly stdin?: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** The connection, for holding it back. */
  opened?(socket: ExecSocket): void
}

/** The part of a WebSocket of the `ws` package that is used here. */
export interface ExecSocket {
  on(event: 'close', listener: () => void): void
  on(event: 'unexpected-response', listener: (request: ClientRequest, response: IncomingMessage) => void): void
  pause(): void
  resume(): void
  terminate(): void
}
