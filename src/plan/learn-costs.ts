import type { Event } from '../model/event.ts'
import type { Costs } from '../model/plan.ts'
import type { Scenario } from '../model/scenario.ts'
import type { Seconds } from '../model/units.ts'
import { idleOf, loadOf, underLoad } from './estimate.ts'

type Kind = 'cohort' | 'visit' | 'trial'

/** Where the time of a run went so far. */
export interface Ledger {
  readonly scenario?: Scenario
  /** The last event's time, and what the time since then is spent on. */
  readonly at?: Seconds
  readonly on?: Kind
  /** Spent on what has not ended yet. */
  readonly open: Readonly<Record<Kind, Seconds>>
  readonly closed: Readonly<Record<Kind, { readonly n: number; readonly seconds: Seconds }>>
  /** What the loads of the trials that ended asked for: each load's name, once per trial. */
  readonly loads: readonly string[]
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
      return { ...close(now, 'trial', 1), on: 'visit', loads: [...now.loads, trial.load] }
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
  const asked = loads.map((load) => underLoad(loadOf(scenario, { load }), defaults))
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
