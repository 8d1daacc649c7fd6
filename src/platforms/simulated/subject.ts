import type { Mesh } from '../../model/mesh.ts'
import type { Trial } from '../../model/plan.ts'
import type { Arm, Fault, Load, Scenario } from '../../model/scenario.ts'
import { random } from '../../stats/random.ts'

/** A trial with all that the simulation knows of it. */
export interface Subject {
  readonly scenario: Scenario
  readonly trial: Trial
  readonly arm: Arm
  readonly load: Load
  readonly mesh: Mesh
}

/**
 * Median service time of a trial, in seconds: the baseline's, times the arm's true effect, times noise. A block's noise
 * and the drift strike all arms of the block alike, so pairing removes them (the drift but for its part within the
 * block, which order balances). A cohort's noise is each arm's own: the luck of its cluster, which pairing keeps.
 */
export function levelOf({ scenario, trial, arm }: Subject): number {
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
