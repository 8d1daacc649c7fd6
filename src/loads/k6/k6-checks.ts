import { z } from 'zod'
import { Failure } from '../../model/failure.ts'
import type { Execution, Script, Share } from '../../model/platform.ts'
import type { Generator } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { MICROS, type Seconds } from '../../model/units.ts'
import { endedFromOutside, knownCause, loggedWarnings, textOf, whyEnded } from '../messages.ts'
import { opensAfter, type Pace, SETUP, SUMMARY } from './k6-commands.ts'
import type { K6Samples } from './k6-reading.ts'
import { hasSetup, isShaped } from './own-script.ts'

/** Exit codes that have a meaning for us; the others speak through k6's log. */
const ENDS: Readonly<Record<number, string>> = {
  104: 'it does not accept its options',
  107: 'its script threw an error',
}
const INTERRUPTED = 105

export function k6Ended(execution: Pick<Execution, 'exitCode' | 'stderr'>): Failure {
  const { exitCode, stderr } = execution
  if (exitCode === INTERRUPTED) return endedFromOutside('k6', `exit code ${exitCode}: it was interrupted`)
  const said = [ENDS[exitCode], loggedWarnings(stderr).at(-1)].filter(Boolean).join(': ')
  return whyEnded('k6', execution, {
    said: said || undefined,
    remedy: 'Check the output of k6 in the raw output of this trial, and whether the target answers.',
  })
}

const summarySchema = z.object({
  metrics: z.object({ http_reqs: z.object({ values: z.object({ count: z.number() }) }).optional() }),
})

/** k6 counts in its summary what it wrote sample by sample. */
export async function checkComplete(
  execution: Pick<Execution, 'read' | 'stderr'>,
  { all, starts }: K6Samples,
): Promise<void> {
  const counted = await requestsCounted(execution, all)
  if (counted !== all) {
    throw new Failure('load-output', 'the samples of k6 are not complete', {
      cause: `k6 counted ${counted} requests, its samples have ${all}`,
      remedy: 'Check whether the disk of the load generator is full, and measure again.',
    })
  }
  if (starts.length > 0) return
  const said = loggedWarnings(execution.stderr).at(-1)
  throw new Failure('load-failed', 'k6 made no request in the measured scenario', {
    ...(said !== undefined && { cause: said }),
    remedy: 'Check the output of k6 in the raw output of this trial.',
  })
}

async function requestsCounted(execution: Pick<Execution, 'read' | 'stderr'>, sampled: number): Promise<number> {
  const text = await textOf(execution.read(SUMMARY))
  // It is written last; where the disk was full k6 says so.
  if (text === '' && sampled > 0 && !knownCause(loggedWarnings(execution.stderr))) {
    throw endedFromOutside('k6', `it wrote samples of ${sampled} requests, and its summary, which comes last, is empty`)
  }
  try {
    if (text === '') throw new SyntaxError(loggedWarnings(execution.stderr).at(-1) ?? 'it is empty')
    return summarySchema.parse(JSON.parse(text)).metrics.http_reqs?.values.count ?? 0
  } catch (error) {
    throw new Failure('load-output', 'the summary of k6 could not be read', {
      cause: error instanceof z.ZodError ? z.prettifyError(error) : error,
      remedy: 'Check whether the disk is full, and whether meshbench supports this k6: meshbench doctor.',
    })
  }
}

/** The longest that a process takes until its first virtual user is made. */
const START: Seconds = 1

/**
 * The opening snapshot of the window is a time after the start of the process, which k6 does not know; its first virtual user
 * is made within a second of it. All of that time must be quiet, or what the warm-up cost is billed to the window.
 */
export function checkQuiet({ madeAt, warmupEnd, starts }: K6Samples, load: Load, share: Share, script?: Script): void {
  if (!Number.isFinite(madeAt)) return
  const edge = madeAt / MICROS + opensAfter(load, script, share)
  const firstSend = starts.reduce((least, start) => Math.min(least, start), Number.POSITIVE_INFINITY) / MICROS
  const isLate = warmupEnd / MICROS > edge - START
  if (!isLate && firstSend >= edge) return
  throw new Failure('load-output', 'the window of k6 did not open between warm-up and measurement', {
    cause: isLate ? 'the warm-up ended too late' : 'the measurement began too early',
    remedy: `Stop other programs, or use fewer connections: k6 must first start a virtual user for each.${
      script && hasSetup(script) ? ` The setup of a script has ${SETUP} s.` : ''
    }`,
  })
}

/** Iterations begin within the duration and at most a little late. */
const STEPPED: Seconds = 1

/**
 * k6 keeps its schedule by a clock that nobody steps, and its samples have times of the wall clock. Where every iteration of
 * the schedule is there, they span the time of the schedule; in a closed loop no more than the duration.
 */
export function clockStepOf(
  { starts: requests, dropped, own }: K6Samples,
  load: Load,
  { period }: Pace,
): Pick<Generator, 'clockStep'> {
  if (!isShaped(load)) return {}
  const starts = own?.begins ?? requests
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const times of [starts, dropped]) {
    for (const time of times) [first, last] = [Math.min(first, time), Math.max(last, time)]
  }
  const ticks = starts.length + dropped.length
  const isClosed = load.rate === 'max'
  const expected = load.rate === 'max' ? load.duration : ((ticks - 1) * period) / MICROS
  const step = (last - first) / MICROS - expected
  return step > STEPPED || (step < -STEPPED && !isClosed) ? { clockStep: step } : {}
}
