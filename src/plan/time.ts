import { rehearse } from '../capacity/search.ts'
import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import { type Costs, type Plan, type Trial, trialsOf } from '../model/plan.ts'
import { type Load, loadAt, type Scenario } from '../model/scenario.ts'
import type { PlatformName } from '../model/traits.ts'
import { IN_ANY_CLUSTER, PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import { makePlan } from './make-plan.ts'

export interface TimeEstimate {
  readonly seconds: Seconds
  /** The part of it inside windows. */
  readonly measuring: Seconds
}

/** The wall clock that a plan takes. */
export function estimate(plan: Plan, costs: Costs): TimeEstimate {
  const trials = trialsOf(plan)
  const loads = trials.map((trial) => loadOf(plan.scenario, trial))
  const visits = plan.cohorts.flatMap(({ blocks }) => blocks.flatMap((block) => block.visits))
  const perVisit = costs.visit + idleOf(plan.scenario, costs)
  const overhead = plan.cohorts.length * costs.cohort + visits.length * perVisit
  return {
    seconds: overhead + sum(loads.map((load) => ofTrial(load, costs))),
    measuring: sum(loads.flatMap((load) => windowsOf(load).map((window) => costs.window ?? window.duration))),
  }
}

/** A planned trial on the wall clock, with what it costs besides; or a search with all of its trials. */
function ofTrial(load: Load, costs: Pick<Costs, 'window' | 'trial'>): Seconds {
  return sum(windowsOf(load).map((window) => costs.trial + underLoad({ ...load, ...window }, costs)))
}

/**
 * The windows of a planned trial: one; or those of a search as it is expected to go. That is a search from the middle of its range
 * for a capacity a tenth of the range away: a first one takes a little longer, the others begin near what was found before.
 */
function windowsOf(load: Load): readonly Pick<Load, 'duration'>[] {
  const { capacity } = load
  if (!capacity) return [load]
  const middle = Math.sqrt(capacity.min * capacity.max)
  return rehearse({ ...load, capacity }, middle * (capacity.max / capacity.min) ** 0.1, middle)
}

/** The idle window of a visit, on the wall clock. */
export function idleOf({ idle = 0 }: Pick<Scenario, 'idle'>, costs: Pick<Costs, 'window'>): Seconds {
  return costs.window === undefined ? idle : 0
}

/** Warm-up and window of a load, on the wall clock. */
function underLoad(load: Load, costs: Pick<Costs, 'window'>): Seconds {
  return costs.window ?? load.warmup + load.duration
}

function loadOf(scenario: Scenario, trial: Pick<Trial, 'load'>): Load {
  const load = scenario.loads.find(({ name }) => name === trial.load)
  if (!load) throw new TypeError(`the plan names load ${trial.load}, which its scenario lacks`)
  return load
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** For counters of kubelets that are newer than a window's two ends: the slowest of some twenty timers of 10 to 20 s, twice. */
const KUBELETS: Seconds = 40

/** What is assumed before anything was run. */
export function costsOf(
  platform: PlatformName,
  { arms, simulation, isolation, cluster }: Pick<Scenario, 'arms' | 'simulation' | 'isolation' | 'cluster'>,
): Costs {
  // Side by side, arms cost what they cost in any cluster that they share.
  const { arms: are, takes } = PLATFORM_TRAITS[isolation === 'shared' ? IN_ANY_CLUSTER : platform]
  const waits = platform === IN_ANY_CLUSTER && cluster?.usage === 'kubelet' ? KUBELETS : 0
  const [visit, trial] = [takes.visit + waits, takes.trial + waits]
  const cohort = takes.cohort + takes.arm * arms.length
  return { cohort, visit, trial, ...(are === 'effects' && { window: simulation.pace }) }
}

type Kind = 'cohort' | 'visit' | 'trial'

/** Where the time of a run went so far. */
interface Ledger {
  readonly scenario?: Scenario
  /** The last event's time, and what the time since then is spent on. */
  readonly at?: Seconds
  readonly on?: Kind
  /** Spent on what has not ended yet. */
  readonly open: Readonly<Record<Kind, Seconds>>
  readonly closed: Readonly<Record<Kind, { readonly n: number; readonly seconds: Seconds }>>
  /** The trials that ended, for what their loads asked for. */
  readonly loads: readonly Pick<Trial, 'load' | 'step'>[]
}

const nothing = { n: 0, seconds: 0 }

export const emptyLedger: Ledger = {
  open: { cohort: 0, visit: 0, trial: 0 },
  closed: { cohort: nothing, visit: nothing, trial: nothing },
  loads: [],
}

/** Books the time up to an event. Trials that failed may have ended early: they teach nothing. */
export function learnCosts(ledger: Ledger, event: Event): Ledger {
  const now = spend(ledger, event)
  switch (event.type) {
    case 'run':
      return { ...now, scenario: event.plan.scenario }
    case 'cohort':
      return { ...close(now, 'cohort', 0), on: 'cohort' }
    case 'visit':
      return { ...close(now, 'cohort', ledger.on === 'cohort' ? 1 : 0), on: 'visit' }
    case 'phase':
      return { ...now, on: 'trial' }
    case 'result': {
      const { trial, outcome } = event.result
      if (outcome.status === 'failed') return { ...now, on: 'visit', open: { ...now.open, trial: 0 } }
      return { ...close(now, 'trial', 1), on: 'visit', loads: [...now.loads, trial] }
    }
    case 'lowered':
      return close(now, 'visit', 1)
    case 'done':
      return close(now, 'cohort', 0)
    default:
      return now
  }
}

/** Mean costs so far; the defaults where nothing has ended yet. */
export function learnedCosts({ scenario, closed, loads }: Ledger, defaults: Costs): Costs {
  const mean = (kind: Kind) => (closed[kind].n === 0 ? defaults[kind] : closed[kind].seconds / closed[kind].n)
  if (!scenario) return defaults
  const asked = loads.map((trial) => underLoad(loadAt(loadOf(scenario, trial), trial), defaults))
  const perTrial = asked.reduce((total, seconds) => total + seconds, 0) / Math.max(1, asked.length)
  return {
    ...defaults,
    cohort: mean('cohort'),
    visit: closed.visit.n === 0 ? defaults.visit : Math.max(0, mean('visit') - idleOf(scenario, defaults)),
    trial: asked.length === 0 ? defaults.trial : Math.max(0, mean('trial') - perTrial),
  }
}

/** What lies between the last arm put down and the next cohort, or the end, is the cohort's own teardown. */
function spend(ledger: Ledger, event: Event): Ledger {
  const { at, on, open } = ledger
  const kind = event.type === 'cohort' || event.type === 'done' ? 'cohort' : on
  if (at === undefined || kind === undefined) return { ...ledger, at: event.at }
  return { ...ledger, at: event.at, open: { ...open, [kind]: open[kind] + event.at - at } }
}

function close(ledger: Ledger, kind: Kind, count: 0 | 1): Ledger {
  const { n, seconds } = ledger.closed[kind]
  return {
    ...ledger,
    open: { ...ledger.open, [kind]: 0 },
    closed: { ...ledger.closed, [kind]: { n: n + count, seconds: seconds + ledger.open[kind] } },
  }
}

/**
 * The wall clock still ahead, counted from the end of the last finished trial. `plan` is what this process set out to
 * run and `finished` what it has finished of that: the cohort and the visit it is in are paid for.
 */
export function eta(plan: Plan, finished: ReadonlySet<string>, costs: Costs): Seconds {
  const isFinished = ({ id }: { readonly id: string }) => finished.has(id)
  let seconds = 0
  for (const cohort of plan.cohorts) {
    const trials = trialsOf({ cohorts: [cohort] })
    if (!trials.some(isFinished)) seconds += costs.cohort
    for (const visit of cohort.blocks.flatMap(({ visits }) => visits)) {
      if (!visit.trials.some(isFinished)) seconds += costs.visit + idleOf(plan.scenario, costs)
    }
    for (const trial of trials) {
      if (!isFinished(trial)) seconds += ofTrial(loadOf(plan.scenario, trial), costs)
    }
  }
  return seconds
}

/**
 * The plan with as many whole blocks as fit into a wall-clock budget: the same number in each cohort, in the orders
 * that they had. For a plan that has not begun; a resumed run keeps its own.
 */
export function fitToBudget(plan: Plan, costs: Costs, budget: Seconds): Plan {
  for (let blocks = plan.scenario.blocks; blocks >= 1; blocks--) {
    const candidate = blocks === plan.scenario.blocks ? plan : makePlan({ ...plan.scenario, blocks })
    if (estimate(candidate, costs).seconds <= budget) return candidate
  }
  const { cohorts } = plan.scenario
  const least = estimate(makePlan({ ...plan.scenario, blocks: 1 }), costs).seconds
  throw new Failure('usage', `a time budget of ${formatDuration(budget)} is too small for this plan`, {
    cause: `one block in ${cohorts === 1 ? 'its cohort' : `each of its ${cohorts} cohorts`} takes ${formatDuration(least)}`,
    remedy: `Give at least --time-budget ${Math.ceil(least)}s, or choose fewer arms or loads.`,
  })
}
