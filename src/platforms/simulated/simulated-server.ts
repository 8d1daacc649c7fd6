import type { Mesh } from '../../model/mesh.ts'
import type { Trial } from '../../model/plan.ts'
import type { LoadOutcome, SimulatedServer } from '../../model/platform.ts'
import { type Arm, type Fault, type Load, longestStall, type Scenario, type Stalls } from '../../model/scenario.ts'
import type { Seconds } from '../../model/units.ts'
import { type Random, random } from '../../stats/random.ts'

/** A slow arm answers so slowly that those in flight at once carry only this share of the rate. */
const SLOW_SHARE = 0.7

/** Length of a pause of the load generator, as a share of the window. */
const PAUSE_SHARE = 0.02

/** The server of a trial. `inFlight`: how many requests the load generator keeps open at most. */
export function server(subject: Subject, inFlight: number): SimulatedServer {
  const { scenario, arm, load, trial, generator = 0 } = subject
  const { spread, stalls } = scenario.simulation
  const level = levelOf(subject)
  const delay = arm.inject?.delay ?? 0
  const slow = load.rate !== 'max' && strikes(scenario, 'slow', arm.name, trial.block)
  const least = slow ? inFlight / (SLOW_SHARE * Number(load.rate)) : 0
  const failing = strikes(scenario, 'errors', arm.name, trial.block)
  const stream = random(scenario.seed, 'requests', trial.id, ...(generator === 0 ? [] : [generator]))
  const rests = stalls && restsOf(stalls, random(scenario.seed, 'stalls', trial.id))
  let answers = 0
  const stops = strikes(scenario, 'generator-pause', arm.name, trial.block)
    ? load.duration / 2
    : Number.POSITIVE_INFINITY
  const goes = stops + PAUSE_SHARE * load.duration
  const since = disturbanceOf(subject)
  return {
    answer: (sentAt) => {
      const { begins, fails, slows } = since(sentAt)
      const work = Math.max(least, level * Math.exp(spread * stream.normal()) + delay) * (slows ? SLOWED : 1)
      return { at: rests ? rests(begins, work) : begins + work, ok: !fails && (!failing || answers++ % 2 === 0) }
    },
    awake: (at) => (at >= stops && at < goes ? goes : at),
  }
}

/** How much longer an answer takes where an operation slows an arm. */
const SLOWED = 10

/** What the operation of the load does to a request that is sent then: when work on it begins, whether it fails or is slow. */
function disturbanceOf({ scenario, arm, load: { operation, operationAt = 0 } }: Subject) {
  const {
    errors = 0,
    pause = 0,
    slow = 0,
  } = (operation === undefined ? undefined : scenario.simulation.effects[arm.name]?.operation) ?? {}
  return (sentAt: Seconds) => {
    const isWithin = (seconds: Seconds) => sentAt >= operationAt && sentAt < operationAt + seconds
    return { begins: isWithin(pause) ? operationAt + pause : sentAt, fails: isWithin(errors), slows: isWithin(slow) }
  }
}

/**
 * When work is done that rests during stalls. A stall begins in the middle of its period; with jitter, both its moment and
 * its length are uniform about that. Its moment is drawn from what the longest stall leaves of a period, so that no two
 * meet, and the share of time that stands still remains `last` of `every`.
 */
function restsOf(stalls: Stalls, stream: Random): (sentAt: Seconds, work: Seconds) => Seconds {
  const { every, last, jitter = 0 } = stalls
  const room = jitter * (every - longestStall(stalls))
  const drawn: { readonly from: Seconds; readonly to: Seconds }[] = []
  // Drawn in the order of time, whatever is asked for first.
  const stallAt = (index: number) => {
    while (drawn.length <= index) {
      const from = every * (drawn.length + 0.5) + room * (stream.uniform() - 0.5)
      drawn.push({ from, to: from + last * (1 + jitter * (2 * stream.uniform() - 1)) })
    }
    return drawn[index] as (typeof drawn)[number]
  }
  return (sentAt, work) => {
    let at = sentAt
    let left = work
    for (let index = Math.max(0, Math.floor(sentAt / every) - 1); ; index++) {
      const { from, to } = stallAt(index)
      if (at + left <= from) return at + left
      left -= Math.max(0, from - at)
      at = Math.max(at, to)
    }
  }
}

/** A trial with all that the simulation knows of it. */
export interface Subject {
  readonly scenario: Scenario
  readonly trial: Trial
  readonly arm: Arm
  readonly load: Load
  readonly mesh: Mesh
  /** Which of several load generators, from 0. */
  readonly generator?: number
  /** By how much its load begins late. */
  readonly late?: Seconds
}

/**
 * Median service time of a trial, in seconds: the baseline's, times the arm's true effect, times noise. A block's noise
 * and the drift strike all arms of the block alike, so pairing removes them (the drift but for its part within the
 * block, which order balances). A cohort's noise is each arm's own: the luck of its cluster, which pairing keeps.
 */
function levelOf({ scenario, trial, arm }: Subject): number {
  const { latency, effects, noise, drift } = scenario.simulation
  const draw = (...labels: (string | number)[]) => random(scenario.seed, 'latency', ...labels).normal()
  const scatter =
    noise.cohort * draw('cohort', trial.cohort, arm.name) +
    noise.block * draw('block', trial.block) +
    noise.trial * draw('trial', trial.id)
  const elapsed = trial.block - 1 + (trial.position - 1) / scenario.arms.length
  return latency * (effects[arm.name]?.latency ?? 1) * Math.exp(scatter) * drift ** elapsed
}

/** Ratio of the trial's CPU to the baseline's. It scatters half as much as latency does, as is seen of real meshes. */
export function cpuOf({ scenario, trial, arm }: Subject): number {
  const { effects, noise } = scenario.simulation
  const draw = (...labels: (string | number)[]) => random(scenario.seed, 'cpu', ...labels).normal()
  const scatter = noise.cohort * draw('cohort', trial.cohort, arm.name) + noise.trial * draw('trial', trial.id)
  return (effects[arm.name]?.cpu ?? 1) * Math.exp(scatter / 2)
}

/** Ratio of the CPU without load to its mean, in one window; like that of requests, it scatters half as much as latency does. */
export function idleLuck({ scenario, trial }: Subject, window: 'idle' | 'busy'): number {
  return Math.exp((scenario.simulation.noise.trial * random(scenario.seed, 'idle', window, trial.id).normal()) / 2)
}

/** Whether a fault is to strike an arm in a block. */
export function strikes(scenario: Scenario, kind: Fault['kind'], arm: string, block: number): boolean {
  return scenario.simulation.faults.some(
    (fault) => fault.kind === kind && fault.arm === arm && (fault.blocks?.includes(block) ?? true),
  )
}

/** Of a command that sends nothing that anybody asks for. */
export const NOTHING: LoadOutcome = {
  exitCode: 0,
  stdout: '',
  stderr: '',
  files: new Map(),
  seconds: 0,
  window: 0,
  requests: 0,
  connections: 0,
}

/** A trial's start, in whole seconds since the epoch: an hour for each trial from 2026-01-01 on, so that bytes repeat. */
export function startOf({ trial, late = 0 }: { readonly trial: { readonly order: number }; late?: Seconds }): Seconds {
  return 1_767_225_600 + trial.order * 3600 + late
}
