import { z } from 'zod'
import { Failure } from '../model/failure.ts'
import type { Execution } from '../model/platform.ts'
import { ACCESS_LOG, RESULT } from './fortio-commands.ts'
import { endedFromOutside, knownCause, loggedWarnings, whyEnded } from './messages.ts'
import { textOf } from './text-of.ts'

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
      fix: 'See whether the disk is full, and whether this fortio is one that meshbench knows: meshbench doctor.',
    })
  }
}

/** fortio says what stopped it in one line, and why in the log in JSON above it. */
export function aborted(execution: Pick<Finished, 'exitCode' | 'stderr'>, said?: string): Failure {
  return whyEnded('fortio', execution, {
    said: said ?? /^Aborting because of (.+)$/m.exec(execution.stderr)?.[1],
    fix: 'Its first request on each connection must succeed: look at the target, and at the proxies before it.',
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
