import type { Scenario } from './scenario.ts'
import type { Seconds } from './units.ts'

/** One load against one arm in one block: the unit of replication, one result file. */
export interface Trial {
  /** Unique in the run and fit for a file name: `c1-b03-envoy-sidecar-http-1k`. */
  readonly id: string
  /** Counted from 1. */
  readonly cohort: number
  /** Counted from 1 over the whole run. */
  readonly block: number
  readonly arm: string
  readonly load: string
  /** Place of the arm in its block, from 1. */
  readonly position: number
  /** Place of the trial in the whole run, from 1. */
  readonly order: number
}

/** One arm within one block: brought up, its loads measured in shuffled order, put down. */
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

/** Which part of a plan a machine measures: the `index`-th, from 1, `of` so many. */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** A run's whole schedule: a pure function of the scenario, printable, stored, resumable. */
export interface Plan {
  readonly scenario: Scenario
  readonly cohorts: readonly Cohort[]
  /** Where this is a part of the schedule that the scenario gives. */
  readonly shard?: Shard
}

/** What the wall clock is spent on, in seconds; learned from finished trials where there are some. */
export interface Costs {
  /** Tools and cohort-wide provisioning, once per cohort. */
  readonly cohort: Seconds
  /** Raising and lowering an arm, once per visit; its idle window comes on top. */
  readonly visit: Seconds
  /** Beyond warm-up and window, once per trial. */
  readonly trial: Seconds
  /** What warm-up and window take together, where the wall clock differs from the load's: simulated trials. */
  readonly window?: Seconds
}

/** More blocks than this are no plan but another machine: a night of blocks of two minutes. */
export const MOST_BLOCKS = 200

/**
 * How many blocks a schedule has. Where arms are measured one after the other (`isolation: sequential`), each has its own part
 * of every block, so the parts are more than the blocks.
 */
export function blockCount({ cohorts }: Pick<Plan, 'cohorts'>): number {
  return new Set(cohorts.flatMap(({ blocks }) => blocks.map(({ block }) => block))).size
}

export function trialsOf(plan: Pick<Plan, 'cohorts'>): Trial[] {
  return plan.cohorts.flatMap(({ blocks }) => blocks.flatMap(({ visits }) => visits.flatMap(({ trials }) => trials)))
}
