import type { Failure } from './failure.ts'
import type { Installation } from './installation.ts'
import type { Cohort, Plan, Trial } from './plan.ts'
import type { Measured, ToolProvenance } from './result.ts'
import type { Arm, Load, LoadToolName, PlatformName, Protocol } from './scenario.ts'
import type { Seconds } from './units.ts'
import type { Observation } from './usage.ts'

/** What a check found. An `error` keeps the run from starting. */
export interface Finding {
  readonly severity: 'ok' | 'warning' | 'error'
  readonly what: string
  readonly why?: string
  readonly fix?: string
}

/** Something is being done that takes a while: a line for the eye. */
export interface Step {
  readonly title: string
  /** Whom it concerns, where it is one arm. */
  readonly arm?: string
  /** What stands now, once an arm's installation is complete. */
  readonly installation?: Installation
}

/** Why something stays although no run goes on with it, until it is asked for by name. */
export type Spared =
  /** A cluster that was left standing for the next run. */
  | 'kept'
  /** It has a name like ours, but nothing says that we made it. */
  | 'unrecorded'
  /** An image that a run brought to this machine. */
  | 'pulled'

/** What a run left behind. `alive`: its owner still runs, so it is no leftover. */
export interface Leftover {
  /** Absent where nobody knows. */
  readonly run?: string
  readonly what: string
  readonly alive: boolean
  readonly spared?: Spared
  remove(): Promise<void>
}

/** Whether nobody needs it any more, and nobody has to be asked. */
export function isAbandoned({ alive, spared }: Pick<Leftover, 'alive' | 'spared'>): boolean {
  return !alive && spared === undefined
}

/** What the world provides for a run, once everything is fetched. */
export interface Provided {
  readonly tools: readonly ToolProvenance[]
  readonly caveat?: string
}

/** Who a run is: stamped on everything that it makes, so that a leftover can be found. */
export interface RunIdentity {
  readonly id: string
}

/** Where arms live. */
export interface Platform {
  readonly name: PlatformName
  /** One sentence on what this platform is, for help texts. */
  readonly title: string
  /** What stands in the way of this plan; changes nothing. */
  check(plan: Plan): Promise<Finding[]>
  /** What can be told of a plan from files alone, without asking what carries it out; absent where there is nothing to tell. */
  review?(plan: Plan): Promise<Finding[]>
  /** Fetches and builds what the plan needs. Throws a Failure where that cannot be had. */
  prepare(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Provided>
  /** Provisions a cohort. Disposing of the testbed removes all that it made. */
  open(plan: Plan, cohort: Cohort, run: RunIdentity, signal: AbortSignal): AsyncGenerator<Step, Testbed>
  /** What runs, living or dead, have left on this machine. */
  leftovers(): Promise<Leftover[]>
}

export interface Testbed extends AsyncDisposable {
  /** Provision or thaw, install the mesh, deploy the workload, wait until it answers a real request. */
  raise(arm: Arm, signal: AbortSignal): AsyncGenerator<Step, RunningArm>
  /** Freeze or remove. A failure here ends the run: what is left would spoil every later block. */
  lower(arm: Arm): Promise<void>
}

/** An arm that is up. */
export interface RunningArm {
  /** A folder that programs run here may write to. */
  readonly dir: string
  /** What the load generator is pointed at. */
  target(load: Load): string
  /** Runs a program where the load generator sits. A non-zero exit code is a value, not an error. */
  exec(command: Command, signal: AbortSignal): Promise<Execution>
  /** Lets time pass where the arm lives; at once where time is simulated. */
  wait(seconds: Seconds, signal: AbortSignal): Promise<void>
  /** The opening snapshot of a window; nothing is read again until it is closed. */
  observe(): Promise<Window>
}

export interface Window {
  /** The closing snapshot: what was used and seen since. */
  close(): Promise<Observation>
}

/** A program to run. Arrays, never a shell string. */
export interface Command {
  readonly program: LoadToolName
  readonly argv: readonly string[]
  /** Files to be there before it starts: path → content. */
  readonly files?: Readonly<Record<string, string>>
  /** Files that it writes: name → path. */
  readonly outputs?: Readonly<Record<string, string>>
  /** After this it is stopped: SIGINT, then SIGKILL. */
  readonly within: Seconds
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

/** How a load is put on a target: a discarded run of the same shape, then the measured one. */
export interface LoadCommands {
  readonly warmup?: Command
  readonly measure: Command
  /** Seconds from the start of `measure` to the opening snapshot of its window: not 0 where a tool warms up within its own process. */
  readonly opensAfter: Seconds
}

/** A load generator: what to run and how to read what it wrote. */
export interface LoadTool {
  readonly name: LoadToolName
  readonly title: string
  readonly protocols: readonly Protocol[]
  /** Environment of its commands, wherever they run: nothing else of it is inherited. */
  readonly environment: Readonly<Record<string, string>>
  commands(load: Load, target: string, dir: string, trial: string): LoadCommands
  /** Why one of its commands ended without success: a Failure with the tool's own reason and what to do about it. */
  ended(execution: Pick<Execution, 'exitCode' | 'stderr'>): Failure
  /** Reads a finished execution of `measure`. Throws a Failure when it holds no measurement. */
  parse(execution: Pick<Execution, 'exitCode' | 'stdout' | 'stderr' | 'read'>, load: Load): Promise<Measured>
}

/** The tool's own output, to be kept beside the result. */
export interface RawOutput {
  readonly name: string
  read(): AsyncIterable<Uint8Array>
}

export type { Trial }
