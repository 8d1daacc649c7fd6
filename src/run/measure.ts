import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { Trial } from '../model/plan.ts'
import type {
  ClockReading,
  Command,
  Execution,
  GeneratorRun,
  Generators,
  LoadCommands,
  LoadTool,
  Operated,
  Platform,
  PreparedOperation,
  RawOutput,
  RunIdentity,
  RunningArm,
  Script,
} from '../model/platform.ts'
import type { Measured, Outcome, Reading, Result } from '../model/result.ts'
import type { Load } from '../model/scenario.ts'
import type { LoadToolName } from '../model/traits.ts'
import { formatLatency, type Seconds } from '../model/units.ts'
import type { Evidence, Observation } from '../model/usage.ts'
import { count } from '../model/words.ts'

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
  const places = generatorsOf(runningArm, load)
  const { target, dir } = { target: runningArm.target(load), dir: runningArm.dir }
  const commands = places.map((_, index): LoadCommands => {
    return tool.commands(load, target, dir, trial.id, script, { index, of: places.length })
  })
  const [first] = commands as [LoadCommands, ...LoadCommands[]]
  if (first.warmup) {
    yield { at: world.now(), type: 'phase', trial, phase: 'warm-up', seconds: load.warmup }
    yield* warmUp(runningArm, tool, commands, places, world)
  }
  const happening = await prepareOperation(runningArm, load, first, world)
  yield { at: world.now(), type: 'phase', trial, phase: 'measure', seconds: first.opensAfter + load.duration }
  const left: Failure[] = []
  const { runs, closing, startAt, happened } = await underLoad(runningArm, commands, places, world, happening).finally(
    async () => void left.push(...(await takenBack(happening))),
  )
  try {
    yield { at: world.now(), type: 'phase', trial, phase: 'collect', seconds: 0 }
    const reading = async (): Promise<Reading> => {
      if (closing.status === 'rejected') throw closing.reason
      if (happened && 'failure' in happened) throw happened.failure
      const [only] = runs as readonly [Underway, ...Underway[]]
      const measured =
        startAt === undefined
          ? await tool.parse(only.execution, load, script)
          : await tool.parseShares(runs, load, startAt, script)
      const observation = { ...closing.value, evidence: [...closing.value.evidence, ...evidenceOf(runs)] }
      return { ...measured, observation, ...(happened && { operation: operationOf(happened, load, measured) }) }
    }
    const outcome = await reading().then((reading): Outcome => ({ status: 'measured', reading }), failed)
    const raw = runs.flatMap(({ name, execution }, index) =>
      rawOutputs((commands[index] as LoadCommands).measure, execution, runs.length > 1 ? `${name}.` : ''),
    )
    yield { type: 'outcome', outcome, raw }
  } finally {
    left.push(...(await Promise.all(runs.map(({ execution }) => leftBy(execution)))).flat())
  }
  yield* warnings(left, world)
}

type Place = Generators['places'][number]

/** The load generators that share a load; one without a name where the arm knows of no others. */
function generatorsOf({ generators }: RunningArm, { name, generators: count = 1 }: Load): readonly Place[] {
  if (count === 1) return [{ name: '' }]
  const places = generators?.places.slice(0, count) ?? []
  if (places.length === count) return places
  throw new Failure('unsupported', `load ${name} has ${count} load generators, and the arm has ${places.length || 1}`, {
    remedy: 'Remove `generators`, or choose another platform.',
  })
}

function* warnings(failures: readonly Failure[], world: World): Generator<Event> {
  for (const failure of failures) yield { at: world.now(), type: 'warning', failure: failure.toData() }
}

async function* warmUp(
  runningArm: RunningArm,
  tool: LoadTool,
  commands: readonly LoadCommands[],
  places: readonly Place[],
  world: World,
): AsyncGenerator<Event> {
  const { generators } = runningArm
  const executions = await Promise.all(
    commands.map(({ warmup }, index) => {
      if (!warmup) throw new TypeError('generators of one load warm up alike')
      if (commands.length === 1 || !generators) return runningArm.exec(warmup, world.signal)
      return generators.exec(index, warmup, world.signal)
    }),
  )
  const left = await Promise.all(executions.map(leftBy))
  yield* warnings(left.flat(), world)
  const index = executions.findIndex(({ exitCode }) => exitCode !== 0)
  const ended = executions[index]
  if (!ended) return
  const { message, why, remedy } = tool.ended(ended)
  const whose = places.length > 1 ? ` of load generator ${places[index]?.name}` : ''
  throw new Failure('warm-up', `in the warm-up${whose} ${message}`, {
    ...(why !== undefined && { cause: why }),
    remedy: remedy ?? 'The arm answered when it was raised and failed later: check the proxies of this arm.',
  })
}

/** Removes the files of an execution. A failure does not affect the measurement, so it is returned and reported as a warning. */
async function leftBy(execution: Pick<Execution, 'discard'>): Promise<Failure[]> {
  try {
    await execution.discard()
    return []
  } catch (error) {
    return [Failure.from(error, 'not-removed')]
  }
}

/** An operation that is ready, and carried out once the load has gone on for its time. */
interface Happening {
  readonly prepared: PreparedOperation
  /** `load`: what ends with the load. */
  during(load: Promise<unknown>, opensIn: Seconds): Promise<Happened>
}

/** `at`: seconds since the epoch, by the clock of this process. */
type Happened =
  | { readonly at: Seconds; readonly endedAt: Seconds; readonly operated: Operated }
  | { readonly failure: unknown }

async function prepareOperation(
  runningArm: RunningArm,
  load: Load,
  { sendsAfter }: LoadCommands,
  { now, signal }: World,
): Promise<Happening | undefined> {
  const { operation, operationAt = 0, name } = load
  if (operation === undefined) return undefined
  const prepared = await runningArm.operation?.(load, signal)
  if (!prepared) {
    throw new Failure('unsupported', `load ${name} has the operation ${operation}, which nothing carries out here`, {
      remedy: 'Remove `operation`, or choose a platform with clusters.',
    })
  }
  return {
    prepared,
    during: async (running, opensIn) => {
      const over = new AbortController()
      const end = () => over.abort()
      running.then(end, end)
      try {
        await runningArm.wait(opensIn + sendsAfter + operationAt, signal)
        const at = now()
        const operated = await prepared.carryOut(AbortSignal.any([over.signal, signal]))
        return { at, endedAt: now(), operated }
      } catch (failure) {
        return { failure }
      }
    },
  }
}

/** Takes back what an operation changed. What stays changed is found when the arm is raised again. */
async function takenBack(happening: Happening | undefined): Promise<Failure[]> {
  try {
    await happening?.prepared.restore()
    return []
  } catch (error) {
    return [Failure.from(error, 'not-restored')]
  }
}

/** Clocks that agree with the schedule to within this are taken for one clock. */
const ONE_CLOCK: Seconds = 1

/** Times since the start of the window, which is by the clock of the load generator: the schedule's where that is another one. */
function operationOf(
  { at, endedAt, operated: { ended, after, ...seen } }: Exclude<Happened, { readonly failure: unknown }>,
  { operation = '', operationAt = 0 }: Load,
  { startedAt }: Pick<Measured, 'startedAt'>,
): NonNullable<Reading['operation']> {
  const since = at - startedAt
  const from = Math.abs(since - operationAt) <= ONE_CLOCK ? since : operationAt
  return { name: operation, at: from, ...(ended && { ended: from + (after ?? endedAt - at) }), ...seen }
}

/** A load generator that has ended. */
interface Underway extends GeneratorRun {
  readonly execution: Execution
}

interface UnderLoad {
  readonly runs: readonly Underway[]
  readonly closing: PromiseSettledResult<Observation>
  /** The agreed time of the first request, where there are several generators. */
  readonly startAt?: number
  /** Where the load has an operation. */
  readonly happened?: Happened | undefined
}

/** The opening snapshot, the load and the closing snapshot. Nothing but an operation may run here, since it would be measured. */
async function underLoad(
  runningArm: RunningArm,
  commands: readonly LoadCommands[],
  places: readonly Place[],
  world: World,
  happening: Happening | undefined,
): Promise<UnderLoad> {
  const { generators } = runningArm
  const [{ opensAfter, measure }] = commands as [LoadCommands, ...LoadCommands[]]
  if (commands.length > 1 && generators) {
    return await underShared(runningArm, generators, commands, places, world, happening)
  }
  const opening = opensAfter === 0 ? await runningArm.observe() : undefined
  const running = runningArm.exec(measure, world.signal)
  const later = async () => {
    await runningArm.wait(opensAfter, world.signal)
    return runningArm.observe()
  }
  const [execution, window, happened] = await Promise.all([running, opening ?? later(), happening?.during(running, 0)])
  const [closing] = await Promise.allSettled([window.close()])
  return { runs: [{ name: '', execution, clock: { before: NO_CLOCK, after: NO_CLOCK } }], closing, happened }
}

/** One generator is compared with no other. */
const NO_CLOCK = { offset: 0, bound: 0 }

/** The same where several generators share the load: all are ready before the window opens, and begin at one time. */
async function underShared(
  runningArm: RunningArm,
  generators: Generators,
  commands: readonly LoadCommands[],
  places: readonly Place[],
  world: World,
  happening: Happening | undefined,
): Promise<UnderLoad> {
  const [{ opensAfter, sendsAfter }] = commands as [LoadCommands, ...LoadCommands[]]
  const held = await generators.hold(
    commands.map(({ measure }) => measure),
    world.signal,
  )
  try {
    const opening = opensAfter === 0 ? await runningArm.observe() : undefined
    const { within, at, clocks, ended } = await held.release()
    const later = async () => {
      await runningArm.wait(within + opensAfter, world.signal)
      return runningArm.observe()
    }
    const [executions, window, happened] = await Promise.all([
      ended,
      opening ?? later(),
      happening?.during(ended, within),
    ])
    const [closing] = await Promise.allSettled([window.close()])
    const after = await held.clocks()
    const runs = places.map((place, index): Underway => {
      const clock = { before: clocks[index] ?? NO_CLOCK, after: after[index] ?? NO_CLOCK }
      return { ...place, execution: executions[index] as Execution, clock }
    })
    return { runs, closing, startAt: at + sendsAfter, happened }
  } finally {
    held.abandon()
  }
}

/** How many load generators there were, where, and how far their clocks were apart. */
function evidenceOf(runs: readonly Underway[]): Evidence[] {
  if (runs.length < 2) return []
  const nodes = new Set(runs.flatMap(({ node }) => node ?? []))
  const clocks = runs.flatMap(({ clock: { before, after } }) => [before, after])
  const most = (of: (clock: ClockReading) => number) => formatLatency(Math.max(...clocks.map(of)))
  const source = 'clocks compared before and after the window'
  return [
    { name: 'generators', seen: `${runs.length} on ${count(nodes.size, 'node')}`, source: 'pods' },
    {
      name: 'generator-clocks',
      seen: `at most ${most(({ offset }) => Math.abs(offset))} from the controller's clock, to within ${most(({ bound }) => bound)}`,
      source,
    },
  ]
}

/** `prefix`: the name of its generator, where there are several. */
function rawOutputs(command: Command, execution: Execution, prefix: string): RawOutput[] {
  const files = Object.keys(command.outputs ?? {}).map((name) => ({
    name: `${prefix}${name}`,
    read: () => execution.read(name),
  }))
  if (execution.stderr === '') return files
  return [...files, { name: `${prefix}stderr.txt`, read: () => bytes(execution.stderr) }]
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
