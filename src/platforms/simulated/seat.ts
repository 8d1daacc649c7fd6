import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../model/failure.ts'
import type { Command, Execution, Seat } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import { runFortio } from './fortio.ts'
import { runK6 } from './k6.ts'
import { idleObservationOf, observationOf } from './observation.ts'
import { type LoadOutcome, startOf } from './outcome.ts'
import { type Subject, strikes } from './subject.ts'

/** An arm that is up. `begin` names the trial that a command belongs to; `visit` is any trial of the visit, before its first load. */
export function seat(dir: string, visit: Subject, begin: (command: Command) => Subject): Seat {
  let last: { readonly subject: Subject; readonly outcome: LoadOutcome } | undefined
  let waited = 0
  return {
    dir,
    target: targetOf,
    exec: async (command, signal) => {
      signal.throwIfAborted()
      const subject = begin(command)
      if (isWarmUp(command)) return execution(command, subject, NOTHING)
      const outcome = broken(subject) ?? { fortio: runFortio, k6: runK6 }[command.program](command, subject)
      last = { subject, outcome }
      await pause(subject.scenario.simulation.pace, signal)
      return execution(command, subject, outcome)
    },
    wait: async (seconds, signal) => {
      signal.throwIfAborted()
      waited += seconds
    },
    observe: async () => {
      const from = waited
      return {
        close: async () => {
          if (last) return observationOf(last.subject, last.outcome)
          if (waited > from) return idleObservationOf(visit, waited - from)
          throw new Failure('nothing-ran', 'the window closed before any load had run or any time had passed')
        },
      }
    },
  }
}

const NOTHING: LoadOutcome = {
  exitCode: 0,
  stdout: '',
  stderr: '',
  files: new Map(),
  seconds: 0,
  window: 0,
  requests: 0,
  connections: 0,
}

function targetOf({ protocol }: Load): string {
  if (protocol === 'tcp') return 'tcp://server.simulated:8078'
  return protocol === 'grpc' ? 'server.simulated:8079' : 'http://server.simulated:8080/'
}

/** A run whose output nobody asks for. */
function isWarmUp({ outputs = {} }: Command): boolean {
  return Object.keys(outputs).length === 0
}

/** fortio and k6 alike end with an exit code and without a result when their target is gone. */
function broken({ scenario, arm, trial }: Subject): LoadOutcome | undefined {
  if (!strikes(scenario, 'trial', arm.name, trial.block)) return undefined
  const stderr = 'Aborting because of dial tcp server.simulated:8080: connect: connection refused\n'
  return { ...NOTHING, exitCode: 1, stderr, window: 1 }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds <= 0) return
  await sleep(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
}

function execution({ outputs = {} }: Command, subject: Subject, outcome: LoadOutcome): Execution {
  const startedAt = startOf(subject)
  return {
    exitCode: outcome.exitCode,
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    startedAt,
    endedAt: startedAt + outcome.seconds,
    read: (name) => chunks(outcome.files.get(outputs[name] ?? '') ?? ''),
    discard: async () => {},
  }
}

const CHUNK = 65_536

async function* chunks(content: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(content)
  for (let from = 0; from < bytes.length; from += CHUNK) yield bytes.subarray(from, from + CHUNK)
}
