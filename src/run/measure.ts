import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { Trial } from '../model/plan.ts'
import type { Command, Execution, LoadCommands, LoadTool, RawOutput, Seat } from '../model/platform.ts'
import type { Outcome, Reading } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import type { World } from './world.ts'

/** What came of a trial, with the tool's own output: kept even where it could not be read. */
interface OutcomeEvent {
  readonly type: 'outcome'
  readonly outcome: Outcome
  readonly raw: readonly RawOutput[]
}

/** One trial on an arm that is up. Ends with its outcome, whatever happens; only an interruption is thrown. */
export async function* measure(
  seat: Seat,
  trial: Trial,
  load: Load,
  world: World,
): AsyncGenerator<Event | OutcomeEvent> {
  try {
    yield* measureOnce(seat, trial, load, world)
  } catch (error) {
    world.signal.throwIfAborted()
    yield { type: 'outcome', outcome: failed(error), raw: [] }
  }
}

/** Warm-up, the window between its two edges, then reading what the tool wrote. */
async function* measureOnce(seat: Seat, trial: Trial, load: Load, world: World): AsyncGenerator<Event | OutcomeEvent> {
  const tool = world.loads[load.tool]
  const commands = tool.commands(load, seat.target(load), seat.dir, trial.id)
  if (commands.warmup) {
    yield { at: world.now(), type: 'phase', trial, phase: 'warm-up', seconds: load.warmup }
    yield* warmUp(seat, tool, commands.warmup, world)
  }
  const seconds = commands.opensAfter + load.duration
  yield { at: world.now(), type: 'phase', trial, phase: 'measure', seconds }
  const { execution, closing } = await underLoad(seat, commands, world)
  let left: Failure | undefined
  try {
    yield { at: world.now(), type: 'phase', trial, phase: 'collect', seconds: 0 }
    const reading = async (): Promise<Reading> => {
      if (closing.status === 'rejected') throw closing.reason
      return { ...(await tool.parse(execution, load)), observation: closing.value }
    }
    const outcome = await reading().then((reading): Outcome => ({ status: 'measured', reading }), failed)
    yield { type: 'outcome', outcome, raw: rawOutputs(commands.measure, execution) }
  } finally {
    left = await leftBy(execution)
  }
  if (left) yield { at: world.now(), type: 'warning', failure: left.toData() }
}

async function* warmUp(seat: Seat, tool: LoadTool, command: Command, world: World): AsyncGenerator<Event> {
  const execution = await seat.exec(command, world.signal)
  const left = await leftBy(execution)
  if (left) yield { at: world.now(), type: 'warning', failure: left.toData() }
  if (execution.exitCode === 0) return
  const { message, why, fix } = tool.ended(execution)
  throw new Failure('warm-up', `in the warm-up ${message}`, {
    ...(why !== undefined && { cause: why }),
    fix: fix ?? 'The arm answered when it was raised, so it broke since: look at the proxies of this arm.',
  })
}

/** Files that cannot be removed undo nothing that was measured, but whoever listens is told of them. */
async function leftBy(execution: Execution): Promise<Failure | undefined> {
  try {
    await execution.discard()
    return undefined
  } catch (error) {
    return Failure.from(error, 'not-removed')
  }
}

/** The opening edge, the load, the closing edge, and nothing else: whatever ran here would be part of the measurement. */
async function underLoad(seat: Seat, commands: LoadCommands, world: World) {
  const opening = commands.opensAfter === 0 ? await seat.observe() : undefined
  const running = seat.exec(commands.measure, world.signal)
  const later = async () => {
    await seat.wait(commands.opensAfter, world.signal)
    return seat.observe()
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

/** A failure is a result as well. */
export function failed(error: unknown): Outcome {
  return { status: 'failed', failure: Failure.from(error).toData() }
}
