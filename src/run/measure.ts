import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { Trial } from '../model/plan.ts'
import type {
  Command,
  Execution,
  LoadCommands,
  LoadTool,
  Platform,
  RawOutput,
  RunIdentity,
  RunningArm,
  Script,
} from '../model/platform.ts'
import type { Outcome, Reading, Result } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import type { LoadToolName } from '../model/traits.ts'

/** The outcome of a trial with the output of the load tool, which is stored even if it cannot be read. */
interface OutcomeEvent {
  readonly type: 'outcome'
  readonly outcome: Outcome
  readonly raw: readonly RawOutput[]
}

/** Runs one trial on a running arm. It always ends with an outcome; only an interruption is thrown. */
export async function* measure(
  runningArm: RunningArm,
  trial: Trial,
  load: Load,
  world: World,
): AsyncGenerator<Event | OutcomeEvent> {
  try {
    yield* measureOnce(runningArm, trial, load, world)
  } catch (error) {
    world.signal.throwIfAborted()
    yield { type: 'outcome', outcome: failed(error), raw: [] }
  }
}

/** Runs the warm-up and the window between its two snapshots, then reads the tool's output. */
async function* measureOnce(
  runningArm: RunningArm,
  trial: Trial,
  load: Load,
  world: World,
): AsyncGenerator<Event | OutcomeEvent> {
  const tool = world.loads[load.tool]
  const script = scriptOf(load, world)
  const commands = tool.commands(load, runningArm.target(load), runningArm.dir, trial.id, script)
  if (commands.warmup) {
    yield { at: world.now(), type: 'phase', trial, phase: 'warm-up', seconds: load.warmup }
    yield* warmUp(runningArm, tool, commands.warmup, world)
  }
  const seconds = commands.opensAfter + load.duration
  yield { at: world.now(), type: 'phase', trial, phase: 'measure', seconds }
  const { execution, closing } = await underLoad(runningArm, commands, world)
  let left: Failure | undefined
  try {
    yield { at: world.now(), type: 'phase', trial, phase: 'collect', seconds: 0 }
    const reading = async (): Promise<Reading> => {
      if (closing.status === 'rejected') throw closing.reason
      return { ...(await tool.parse(execution, load, script)), observation: closing.value }
    }
    const outcome = await reading().then((reading): Outcome => ({ status: 'measured', reading }), failed)
    yield { type: 'outcome', outcome, raw: rawOutputs(commands.measure, execution) }
  } finally {
    left = await leftBy(execution)
  }
  if (left) yield { at: world.now(), type: 'warning', failure: left.toData() }
}

async function* warmUp(runningArm: RunningArm, tool: LoadTool, command: Command, world: World): AsyncGenerator<Event> {
  const execution = await runningArm.exec(command, world.signal)
  const left = await leftBy(execution)
  if (left) yield { at: world.now(), type: 'warning', failure: left.toData() }
  if (execution.exitCode === 0) return
  const { message, why, remedy } = tool.ended(execution)
  throw new Failure('warm-up', `in the warm-up ${message}`, {
    ...(why !== undefined && { cause: why }),
    remedy: remedy ?? 'The arm answered when it was raised and failed later: check the proxies of this arm.',
  })
}

/** Removes the files of an execution. A failure does not affect the measurement, so it is returned and reported as a warning. */
async function leftBy(execution: Execution): Promise<Failure | undefined> {
  try {
    await execution.discard()
    return undefined
  } catch (error) {
    return Failure.from(error, 'not-removed')
  }
}

/** The opening snapshot, the load and the closing snapshot. Nothing else may run here, since it would be measured. */
async function underLoad(runningArm: RunningArm, commands: LoadCommands, world: World) {
  const opening = commands.opensAfter === 0 ? await runningArm.observe() : undefined
  const running = runningArm.exec(commands.measure, world.signal)
  const later = async () => {
    await runningArm.wait(commands.opensAfter, world.signal)
    return runningArm.observe()
  }
  const [execution, window] = await Promise.all([running, opening ?? later()])
  const [closing] = await Promise.allSettled([window.close()])
  return { execution, closing }
}

function rawOutputs(command: Command, execution: Execution): RawOutput[] {
  const files = Object.keys(command.outputs ?? {}).map((name) => ({ name, read: () => execution.read(name) }))
  return execution.stderr === '' ? files : [...files, { name: 'stderr.txt', read: () => bytes(execution.stderr) }]
}

async function* bytes(content: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(content)
}

function scriptOf({ name, scriptSha256 }: Load, { scripts }: World): Script | undefined {
  if (scriptSha256 === undefined) return undefined
  const script = scripts?.get(scriptSha256)
  if (!script) throw new TypeError(`the script of load ${name} was not read`)
  return script
}

/** The outcome of a failed trial. */
export function failed(error: unknown): Outcome {
  return { status: 'failed', failure: Failure.from(error).toData() }
}

/**
 * Decides what is measured of planned trials that are searches, while the run goes on. It knows the trials that the run has had
 * already, and nothing but trials, so that a run that was broken off continues as if it had not been.
 */
interface Searches {
  /** Whether a planned trial is a search. */
  includes(planned: Trial): boolean
  /** The next trial of a search; undefined once it has ended. */
  next(search: Trial): Trial | undefined
  tell(result: Result): void
}

/** What a run gets from outside; it accesses nothing else. */
export interface World {
  readonly platform: Platform
  readonly loads: Readonly<Record<LoadToolName, LoadTool>>
  readonly identity: RunIdentity
  readonly signal: AbortSignal
  /** Scripts of the loads, by their SHA-256. */
  readonly scripts?: ReadonlyMap<string, Script>
  /** Needed where the plan has searches. */
  readonly searches?: Searches
  /** Seconds since the epoch. */
  now(): number
}
