import type { Arm, Scenario, Step } from './scenario.ts'
import type { Seconds } from './units.ts'

/** One load against one arm in one block: the unit of replication, one result file. */
export interface Trial {
  /** Unique in the run and usable as a file name: `c1-b03-envoy-sidecar-http-1k`. */
  readonly id: string
  /** Counted from 1. */
  readonly cohort: number
  /** Counted from 1 over the whole run. */
  readonly block: number
  readonly arm: string
  readonly load: string
  /** Position of the arm in its block, from 1. */
  readonly position: number
  /** Position of the trial in the run, from 1. */
  readonly order: number
  /** Of a trial that a search decided while the run went on: it is one of those that the planned trial, the search, consists of. */
  readonly step?: Step | undefined
}

/** A trial of a search. No name has an underscore, so no other trial has its id. */
export function trialAt(search: Trial, step: Step): Trial {
  return { ...search, id: `${search.id}_${String(step.number).padStart(2, '0')}`, step }
}

/** The id of the planned trial that a trial belongs to: its own, or that of its search. */
export function plannedId(id: string): string {
  return id.replace(/_\d+$/, '')
}

/** One arm within one block: it is raised, its loads are measured in shuffled order, and it is lowered. */
export interface Visit {
  readonly arm: string
  readonly trials: readonly Trial[]
}

/** One pass over all arms; the unit that pairs arms. */
export interface Block {
  readonly block: number
  readonly visits: readonly Visit[]
}

/** All blocks measured on one provisioning. */
export interface Cohort {
  readonly cohort: number
  readonly blocks: readonly Block[]
}

/** The part of a plan that one machine measures: number `index`, from 1, of `of` parts. */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** The schedule of a run. It is a pure function of the scenario, and is stored with the run. */
export interface Plan {
  readonly scenario: Scenario
  readonly cohorts: readonly Cohort[]
  /** Set if this is only a part of the scenario's schedule. */
  readonly shard?: Shard
}

/** Arms that a cohort visits, in the order of the scenario: with `--extend` or a shard not all of them. */
export function visitedArms({ scenario }: Pick<Plan, 'scenario'>, { blocks }: Pick<Cohort, 'blocks'>): Arm[] {
  const visited = new Set(blocks.flatMap(({ visits }) => visits.map(({ arm }) => arm)))
  return scenario.arms.filter(({ name }) => visited.has(name))
}

/** Costs of a run in seconds of wall-clock time, estimated from finished trials where possible. */
export interface Costs {
  /** Tools and cohort-wide provisioning, once per cohort. */
  readonly cohort: Seconds
  /** Raising and lowering an arm, once per visit, without its idle window. */
  readonly visit: Seconds
  /** Overhead per trial besides warm-up and window. */
  readonly trial: Seconds
  /** Wall-clock time of warm-up and window together, if it differs from the load's settings (simulated trials). */
  readonly window?: Seconds
}

/** Most blocks that are ever proposed: about ten hours of blocks of two minutes. */
export const MOST_BLOCKS = 200

/** Least number of common blocks for a decision between two arms. */
export const BLOCKS_TO_DECIDE = 3

/**
 * The number of blocks of a schedule. With `isolation: sequential`, each arm has its own part of every block, so there are
 * more parts than blocks.
 */
export function blockCount({ cohorts }: Pick<Plan, 'cohorts'>): number {
  return new Set(cohorts.flatMap(({ blocks }) => blocks.map(({ block }) => block))).size
}

export function trialsOf(plan: Pick<Plan, 'cohorts'>): Trial[] {
  return plan.cohorts.flatMap(({ blocks }) => blocks.flatMap(({ visits }) => visits.flatMap(({ trials }) => trials)))
}
