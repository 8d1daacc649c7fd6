import type { Diagnostic } from './diagnostic.ts'
import type { Failure } from './failure.ts'
import type { Installation } from './installation.ts'
import type { KubernetesObject } from './mesh.ts'
import type { Cohort, Plan } from './plan.ts'
import type { Recipe } from './program.ts'
import type { Measured, OperationReading, StartReading, ToolProvenance } from './result.ts'
import type { Arm, Load, Protocol } from './scenario.ts'
import type { LoadToolName, PlatformName } from './traits.ts'
import type { Bytes, Seconds } from './units.ts'
import type { Observation } from './usage.ts'

/** A finding of a check. An `error` prevents the run from starting. */
export interface Finding extends Diagnostic {
  readonly severity: 'ok' | 'warning' | 'error'
}

/** A step that takes a while, for display. */
export interface Step {
  readonly title: string
  /** The arm of the step, if it is for one arm. */
  readonly arm?: string
  /** The installation, once it is complete. */
  readonly installation?: Installation
}

/** Yields what is to be told of every step, and returns the result of the steps. Leaving the loop undoes what was started. */
export async function* eachStep<T, Told>(
  doing: AsyncGenerator<Step, T>,
  told: (step: Step) => Iterable<Told>,
): AsyncGenerator<Told, T> {
  try {
    for (;;) {
      const next = await doing.next()
      if (next.done) return next.value
      yield* told(next.value)
    }
  } finally {
    await doing.return(undefined as never)
  }
}

/** Why a leftover is removed only on request. */
export type Spared =
  /** A cluster kept for the next run. */
  | 'kept'
  /** Its name looks like ours, but there is no record that meshbench made it. */
  | 'unrecorded'
  /** An image that a run pulled. */
  | 'pulled'

/** Something that a run made. `alive`: its owner still runs, so it is still in use. */
export interface Leftover {
  /** The run that made it; absent if unknown. */
  readonly run?: string
  readonly what: string
  /** The name of an image, where that is what is left. */
  readonly image?: string
  readonly alive: boolean
  readonly spared?: Spared
  remove(): Promise<void>
}

/** Whether it can be removed without asking. */
export function isAbandoned({ alive, spared }: Pick<Leftover, 'alive' | 'spared'>): boolean {
  return !alive && spared === undefined
}

/** What a prepared platform provides for a run. */
export interface Provided {
  readonly tools: readonly ToolProvenance[]
  readonly caveat?: string
}

/** The identity of a run. Everything that the run makes is marked with it, so that leftovers can be found. */
export interface RunIdentity {
  readonly id: string
}

/** A platform, on which arms run. */
export interface Platform {
  readonly name: PlatformName
  /** One sentence on what this platform is, for help texts. */
  readonly title: string
  /** Checks whether this plan can run, without changing anything. */
  check(plan: Plan): Promise<Finding[]>
  /** Checks a plan by files only, without access to the platform; absent if there is nothing to check. */
  review?(plan: Plan): Promise<Finding[]>
  /**
   * What a run will do to something that is the user's own, as a sentence to be agreed to before it starts; absent where
   * everything that a run uses is made by it.
   */
  consent?(plan: Plan): Promise<string>
  /** Downloads and builds what the plan needs. Throws a Failure if that is not possible. */
  prepare(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Provided>
  /** Provisions a cohort. Disposing of the testbed removes all that it made. */
  open(plan: Plan, cohort: Cohort, run: RunIdentity, signal: AbortSignal): AsyncGenerator<Step, Testbed>
  /** What running and ended runs have made on this machine. */
  leftovers(): Promise<Leftover[]>
}

export interface Testbed extends AsyncDisposable {
  /** Provisions or thaws the arm, installs the mesh, deploys the workload, and waits for the answer to a real request. */
  raise(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, RunningArm>
  /** Freezes or removes the arm. A failure ends the run, since leftovers would affect every later block. */
  lower(arm: Arm): Promise<void>
}

/** An arm that is up. */
export interface RunningArm {
  /** A folder that programs run here may write to. */
  readonly dir: string
  /** How long its pods took; absent where none are made, and where nodes may fetch images. */
  readonly start?: StartReading
  /** The target of the load generator. */
  target(load: Load): string
  /** Where a load may have several load generators; the first is where `exec` runs programs. */
  readonly generators?: Generators
  /** Runs a program at the place of the load generator. A non-zero exit code is not an error. */
  exec(command: Command, signal: AbortSignal): Promise<Execution>
  /** Waits; returns at once where time is simulated. */
  wait(seconds: Seconds, signal: AbortSignal): Promise<void>
  /** Takes the opening snapshot of a window. Nothing is read again until the window is closed. */
  observe(): Promise<Window>
  /** Prepares the operation of a load, before its window opens; absent where the arm can have none. */
  operation?(load: Load, signal: AbortSignal): Promise<PreparedOperation>
  /** Pods and objects for probes of features, in the arm's namespace; absent where the arm is not in a cluster. */
  probeSite?(signal: AbortSignal): Promise<ProbeSite>
}

/** An operation that is ready to be carried out under load. */
export interface PreparedOperation {
  /**
   * Carries it out, and ends once everything that it set off has come to its end. The signal ends it with the window; what is known by
   * then is the result, without `ended`.
   */
  carryOut(signal: AbortSignal): Promise<Operated>
  /** Takes back what it changed beyond the pods of the arm, which is raised anew after it. */
  restore(): Promise<void>
}

/**
 * What came of an operation. `ended`: whether it came to its end; `after`: seconds from its start until then, where it was looked at for
 * longer than that.
 */
export interface Operated extends Pick<OperationReading, 'seen' | 'change' | 'pod'> {
  readonly ended: boolean
  readonly after?: Seconds
}

/** From where a probe sends requests: two identities within the mesh, and a pod outside of it. */
export type ProbeClient = 'client' | 'other' | 'outside'

/** Requests of a probe, one after the other. */
export interface ProbeRequest {
  readonly from: ProbeClient
  /**
   * The arm's own server, whose traffic the mesh's counters show; the Service of the probe's two versions; one of two servers of which one
   * fails always; the Service that a mesh makes for a Gateway of the probe; or any host, at port 8080.
   */
  readonly to: 'server' | 'versions' | 'mixed' | 'gateway' | { readonly host: string }
  readonly protocol?: 'http' | 'grpc' | 'tcp'
  readonly count?: number
  /** Path and query of HTTP requests. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came of one request. */
export interface ProbeAnswer {
  /** Of HTTP, of the last response where there were redirects; for the other protocols 200 stands for an answer. Absent where there was none. */
  readonly status?: number
  /** Of the response, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Redirects that were followed. */
  readonly redirects?: number
  readonly seconds: Seconds
}

/** A server in a namespace outside of the mesh, by its IP address. */
export interface Outside {
  readonly namespace: string
  readonly address: string
}

/** What probes of features work with. Disposing of it removes all that it made. */
export interface ProbeSite extends AsyncDisposable {
  readonly namespace: string
  readonly outside: Outside
  /**
   * Throws a Failure with the API server's reason where an object is refused. A Pod without a spec stands for one of the site's own, which is
   * made anew with these annotations: proxies read them when they start. The pods of a Job get the images of the site by its names for them.
   */
  apply(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<void>
  /** Removes objects and waits until they are gone. What stood before they were applied is again as it was. */
  remove(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<void>
  ask(request: ProbeRequest, signal: AbortSignal): Promise<readonly ProbeAnswer[]>
  /** How many requests for this path a version of the server has logged. */
  served(version: 'v1' | 'v2', path: string, signal: AbortSignal): Promise<number>
  /** Lines of a log that have this text. */
  logged(log: ProbeLog, text: string, signal: AbortSignal): Promise<readonly string[]>
  /** What has become of a Job of a probe; undefined where there is none. */
  job(name: string, signal: AbortSignal): Promise<ProbeJob | undefined>
}

export interface ProbeJob {
  /** Whether it is complete. */
  readonly ended: boolean
  /** All containers of its pods, those of the mesh included. */
  readonly containers: readonly string[]
  /** Whether its pods have the proxy that the mesh puts beside a server; true where it puts none there. */
  readonly isEnrolled: boolean
}

/** Of the mesh's proxies that requests for the versions pass on the server's side; or of who receives spans, with a line for each address in them. */
export type ProbeLog = 'proxies' | 'spans'

export interface Window {
  /** Takes the closing snapshot, and returns what was used and observed since the opening one. */
  close(): Promise<Observation>
}

/** One load generator of several, counted from 0. */
export interface Share {
  readonly index: number
  readonly of: number
}

/** The clock of a load generator compared with that of this process: how far ahead it is, in seconds, and what that may be off by. */
export interface ClockReading {
  readonly offset: Seconds
  readonly bound: Seconds
}

/** Several load generators, which share a load: the first of them are used where a load has fewer. */
export interface Generators {
  readonly places: readonly { readonly name: string; readonly node?: string }[]
  /** Runs a program in one of them. */
  exec(index: number, command: Command, signal: AbortSignal): Promise<Execution>
  /** Starts a command in each, all of which then wait, and returns when every one is ready. */
  hold(commands: readonly Command[], signal: AbortSignal): Promise<Held>
}

/** Commands that are ready and wait. */
export interface Held {
  /** Compares the clocks, and lets all begin at one time. */
  release(): Promise<Released>
  /** Compares the clocks again, once all have ended. */
  clocks(): Promise<readonly ClockReading[]>
  /** Ends what still waits or runs, where a trial is given up. */
  abandon(): void
}

interface Released {
  /** From now to the time at which all begin, and that time since the epoch by the clock of this process. */
  readonly within: Seconds
  readonly at: Seconds
  readonly clocks: readonly ClockReading[]
  /** Throws a Failure that names the generator, where one does not come to its end. */
  readonly ended: Promise<readonly Execution[]>
}

/** A program to run, with its arguments as an array. */
export interface Command {
  readonly program: LoadToolName
  readonly argv: readonly string[]
  /** Files to create before it starts: path → content. */
  readonly files?: Readonly<Record<string, string>>
  /** Files that it writes: name → path. */
  readonly outputs?: Readonly<Record<string, string>>
  /** Time after which it is stopped by SIGINT, then SIGKILL. */
  readonly within: Seconds
  /** A file that it reads before it begins: while nothing is in it, it waits. Only of one that begins together with others. */
  readonly gate?: { readonly path: string; readonly content: string }
}

export interface Execution {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  /** Streams a file that the command wrote, by the name given in `outputs`; empty when it wrote none. May be called again. */
  read(name: string): AsyncIterable<Uint8Array>
  /** Removes the files. Throws a Failure where they stay. */
  discard(): Promise<void>
}

/** The commands of a load: a discarded warm-up of the same shape, then the measurement. */
export interface LoadCommands {
  readonly warmup?: Command
  readonly measure: Command
  /** Seconds from the start of `measure` to the opening snapshot of its window: not 0 where a tool warms up within its own process. */
  readonly opensAfter: Seconds
  /** Seconds from the start of `measure` to its first request. */
  readonly sendsAfter: Seconds
}

/** A script of the user's with every file that it needs. Its text is in no plan and no result, since it may hold secrets. */
export interface Script {
  /** The file that the load generator is given, a key of `files`. */
  readonly main: string
  /** Path, relative to the folder that holds them all → content. */
  readonly files: Readonly<Record<string, string>>
  /** Of all of it. */
  readonly sha256: string
}

/** What one file of a script refers to, as it is written there. */
export interface ScriptReferences {
  readonly modules: readonly string[]
  /** Data files, by the text that stands in the call. */
  readonly opened: readonly string[]
}

/** How a load generator takes scripts of the user's. */
export interface ScriptSupport {
  /** The environment variable by which a script learns the address of the arm. */
  readonly target: string
  /** Throws a Failure, which names `file`, where a script refers to what cannot be brought along. */
  references(text: string, file: string): ScriptReferences
}

/** A largest payload, and why it is that. */
interface PayloadLimit {
  readonly most: Bytes
  readonly because: string
}

/** A load generator: where its program comes from, what to run, how to read what it wrote, and a model of it. */
export interface LoadTool {
  readonly name: LoadToolName
  readonly title: string
  /** Where its program comes from, where the machine has none. */
  readonly recipe: Recipe
  readonly protocols: readonly Protocol[]
  /** Largest payloads by protocol, where the tool or the server that it asks takes less than a scenario may have. */
  readonly payloadLimits?: Readonly<Partial<Record<Protocol, PayloadLimit>>>
  /** Environment of its commands, which inherit nothing else. */
  readonly environment: Readonly<Record<string, string>>
  /** Absent where it runs no scripts of the user's. */
  readonly scripts?: ScriptSupport
  /** `script`: that of the load, where it has one. */
  /** `share`: what of the load; all of it when absent. */
  commands(load: Load, target: string, dir: string, trial: string, script?: Script, share?: Share): LoadCommands
  /** Makes a Failure of a command that ended without success, with the tool's reason and a remedy. */
  ended(execution: Pick<Execution, 'exitCode' | 'stderr'>): Failure
  /** Reads a finished execution of `measure`. Throws a Failure if it has no measurement. */
  parse(
    execution: Pick<Execution, 'exitCode' | 'stdout' | 'stderr' | 'read'>,
    load: Load,
    script?: Script,
  ): Promise<Measured>
  /** Reads those of several generators, a few at a time, and adds them up. `startedAt`: the agreed time of the first request. */
  parseShares(shares: readonly GeneratorRun[], load: Load, startedAt: Seconds, script?: Script): Promise<Measured>
  /** What `measure` would write, were the simulated server its target. Runs nothing. */
  simulate(command: Command, target: SimulatedTarget): LoadOutcome
}

/** What the model of a load generator works with. */
export interface SimulatedTarget {
  readonly load: Load
  /** When the command starts, in whole seconds since the epoch. */
  readonly start: Seconds
  /** `inFlight`: how many requests the load generator keeps open at most. */
  server(inFlight: number): SimulatedServer
}

/** A server behind its mesh. It answers any number of requests at a time. Times in seconds from the opening of the window. */
export interface SimulatedServer {
  /** When a request sent then is answered; warm-up is before 0. */
  answer(sentAt: Seconds): { readonly at: Seconds; readonly ok: boolean }
  /** When the load generator does what it has to do at a time: at once, or when its pause is over. */
  awake(at: Seconds): Seconds
}

/** What a simulated load generator leaves behind. */
export interface LoadOutcome {
  readonly exitCode: number
  readonly stderr: string
  readonly stdout: string
  /** Path → content. */
  readonly files: ReadonlyMap<string, string | Uint8Array>
  /** From its start to its end. */
  readonly seconds: Seconds
  /** The window itself, without warm-up. */
  readonly window: Seconds
  /** Sent within the window. */
  readonly requests: number
  readonly connections: number
}

/** What one of several load generators did. */
export interface GeneratorRun {
  readonly name: string
  readonly node?: string
  readonly execution: Pick<Execution, 'exitCode' | 'stdout' | 'stderr' | 'read'>
  readonly clock: { readonly before: ClockReading; readonly after: ClockReading }
}

/** The output of the load tool, which is stored beside the result. */
export interface RawOutput {
  readonly name: string
  read(): AsyncIterable<Uint8Array>
}
