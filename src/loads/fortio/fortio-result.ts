import { z } from 'zod'
import { Failure } from '../../model/failure.ts'
import type { Command, Execution, LoadCommands, LoadTool, Script, Share } from '../../model/platform.ts'
import type { Load, LoadRequest, Protocol } from '../../model/scenario.ts'
import type { Seconds } from '../../model/units.ts'
import { endedFromOutside, knownCause, loggedWarnings, textOf, whyEnded } from '../messages.ts'
import { shareOf, WHOLE } from '../several/shares.ts'

const histogramSchema = z.object({
  Count: z.number(),
  Min: z.number(),
  Max: z.number(),
  Sum: z.number(),
  Avg: z.number(),
  /** Buckets are open below and closed above; `Percent` is cumulative. */
  Data: z
    .array(z.object({ Start: z.number(), End: z.number(), Percent: z.number(), Count: z.number() }))
    .nullish()
    .transform((buckets) => buckets ?? []),
})

/** What we read of fortio's JSON. Durations in seconds. */
const resultSchema = z.object({
  error: z.boolean().optional(),
  message: z.string().optional(),
  exception: z.string().optional(),
  Version: z.string(),
  /** RFC 3339 with up to nine decimals: the moment from which the schedule counts. */
  StartTime: z.string(),
  /** A number, or `max`. */
  RequestedQPS: z.string(),
  RequestedDuration: z.string(),
  /** Nanoseconds from the start to the last answer, by a clock that nobody steps. */
  ActualDuration: z.number().optional(),
  NumThreads: z.number().int().positive(),
  Uniform: z.boolean(),
  NoCatchUp: z.boolean(),
  DurationHistogram: histogramSchema,
  /** HTTP */
  Sizes: histogramSchema.optional(),
  IPCountMap: z.record(z.string(), z.number()).nullish(),
  Sockets: z.array(z.number()).nullish(),
  ConnectionStats: histogramSchema.nullish(),
  /** HTTP and TCP */
  SocketCount: z.number().optional(),
  /** TCP */
  BytesReceived: z.number().optional(),
})
export type FortioResult = z.infer<typeof resultSchema>

type Finished = Pick<Execution, 'exitCode' | 'stderr' | 'read'>

/** What fortio wrote about its run. Throws a Failure where it did not run. */
export async function fortioResult(execution: Finished): Promise<FortioResult> {
  if (execution.exitCode !== 0) throw aborted(execution)
  const text = await textOf(execution.read(RESULT))
  if (text === '') throw await unfinished(execution)
  const result = parsed(text)
  if (result.error) throw aborted(execution, result.exception ?? result.message)
  return result
}

function parsed(text: string): FortioResult {
  try {
    return resultSchema.parse(JSON.parse(text))
  } catch (error) {
    const cause = error instanceof z.ZodError ? z.prettifyError(error) : error
    throw new Failure('load-output', 'the result of fortio could not be read', {
      cause,
      remedy: 'Check whether the disk is full, and whether meshbench supports this fortio: meshbench doctor.',
    })
  }
}

/** fortio says what stopped it in one line, and why in the log in JSON above it. */
export function aborted(execution: Pick<Finished, 'exitCode' | 'stderr'>, said?: string): Failure {
  return whyEnded('fortio', execution, {
    said: said ?? /^Aborting because of (.+)$/m.exec(execution.stderr)?.[1],
    remedy: 'The first request on each connection must succeed: check the target, and the proxies before it.',
  })
}

/** The result is written last. */
async function unfinished(execution: Finished): Promise<Failure> {
  for await (const chunk of execution.read(ACCESS_LOG)) {
    if (chunk.length > 0 && !knownCause(loggedWarnings(execution.stderr))) {
      return endedFromOutside('fortio', 'its access log holds requests, and its result, which comes last, is empty')
    }
  }
  return aborted(execution)
}

/** A request that takes longer is an error. gRPC requests have no limit in fortio: there the whole run's is the only one. */
export const TIMEOUT: Seconds = 10

/** Names of what fortio writes; they become names of raw files. */
export const ACCESS_LOG = 'access.jsonl'
const RESULT = 'fortio.json'

const KIB = 1024

/**
 * HTTP has no limit: fortio's server reads a body of any size. Tried with 1.68.0: a ping of 4,194,288 bytes is refused as a message
 * of 4,194,305 bytes; the number and the time in it take up to 30 bytes. Over TCP 8 MiB came back on one machine, and 16 MiB hung.
 */
export const PAYLOAD_LIMITS: NonNullable<LoadTool['payloadLimits']> = {
  grpc: {
    most: 4095 * KIB,
    because: "fortio's gRPC server takes messages of 4 MiB, and a message is more than its payload",
  },
  tcp: {
    most: KIB * KIB,
    because:
      'fortio reads the answer only once it has sent all, so the buffers in between must hold what is more than they forward',
  },
}

/**
 * With catch-up (there is no -nocatchup here): a request that is late is sent late, and its wait is in its response
 * time. Without, it would never be sent, and no percentile would know. -n is not used, since it turns the warm-up
 * request of each connection off and puts connecting into the latencies.
 */
export function fortioCommands(
  whole: Load,
  target: string,
  dir: string,
  trial: string,
  _script?: Script,
  share: Share = WHOLE,
): LoadCommands {
  const load = shareOf(whole, share)
  const outputs = { [ACCESS_LOG]: `${dir}/${trial}.${ACCESS_LOG}`, [RESULT]: `${dir}/${trial}.${RESULT}` }
  const files = ['-access-log-file', outputs[ACCESS_LOG] as string, '-json', outputs[RESULT] as string]
  const gate = share.of > 1 ? { path: `${dir}/${trial}.gate`, content: bodyOf(load) } : undefined
  const more = [...files, ...(gate ? ['-payload-file', gate.path] : []), '-labels', trial]
  const measure: Command = { ...command(load, target, load.duration, more), outputs, ...(gate && { gate }) }
  const times = { opensAfter: 0, sendsAfter: 0 }
  if (load.warmup === 0) return { measure, ...times }
  return { warmup: command(load, target, load.warmup, ['-labels', `${trial} warm-up`]), measure, ...times }
}

/**
 * The body of each request. fortio reads it from a file before it connects, so a file that has nothing in it yet holds fortio back;
 * and one that stays empty is a request without a body.
 */
function bodyOf({ payload, request }: Load): string {
  return request?.body ?? 'x'.repeat(payload)
}

function command(load: Load, target: string, duration: Seconds, more: readonly string[]): Command {
  const argv = [
    'load',
    ...shape(load, duration),
    ...protocol(load),
    ...requestArgv(load.request),
    ...quiet,
    ...more,
    address(load.protocol, target),
  ]
  return { program: 'fortio', argv, within: duration + 3 * TIMEOUT + 30 }
}

function shape({ rate, connections }: Load, duration: Seconds): string[] {
  // Without -uniform all connections send at the same moment, and so queue behind each other.
  return ['-qps', rate === 'max' ? '0' : `${rate}`, '-c', `${connections}`, '-t', `${duration}s`, '-uniform']
}

function protocol({ protocol, payload, request }: Load): string[] {
  const kind: Record<Protocol, readonly string[]> = {
    http: ['-httpccch'],
    http2: ['-h2'],
    grpc: ['-grpc', '-ping'],
    tcp: [],
  }
  const kilobytes = Math.ceil(Math.max(payload, request?.answer ?? 0) / 1024)
  // Answers that outgrow the buffer leave bytes in the socket, and every answer after that is garbage.
  const buffer = ['-httpbufferkb', `${512 + kilobytes}`, '-timeout', `${TIMEOUT}s`, '-r', '0.0001']
  const body = payload > 0 ? ['-payload-size', `${payload}`, '-maxpayloadsizekb', `${Math.max(256, kilobytes)}`] : []
  return [...kind[protocol], ...buffer, ...body]
}

/** How fortio is told of a request that is not its own. */
export function requestArgv(request: LoadRequest | undefined): string[] {
  if (!request) return []
  const { method, headers, body } = request
  const isType = ([name]: readonly [string, string]) => name.toLowerCase() === 'content-type'
  const all = Object.entries(headers)
  // Of a request with a body it has a type of its own, which stands beside any other.
  const type = body === undefined ? undefined : all.find(isType)?.[1]
  return [
    ...(method === 'GET' && body === undefined ? [] : ['-X', method]),
    ...all
      .filter((header) => type === undefined || !isType(header))
      .flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(type === undefined ? [] : ['-content-type', type]),
    ...(body === undefined ? [] : ['-payload', body, '-maxpayloadsizekb', '256']),
  ]
}

/** At this level fortio says when it sends a request again on a new connection: it counts that nowhere. */
const quiet = ['-log-errors=false', '-loglevel', 'Info', '-logger-no-color']

function address(protocol: Protocol, target: string): string {
  if (protocol === 'grpc') return target
  if (protocol === 'tcp') return `tcp://${target.replace(/^\w+:\/\//, '').replace(/\/.*$/, '')}`
  return target.includes('://') ? target : `http://${target}`
}
