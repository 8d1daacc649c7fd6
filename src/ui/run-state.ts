import type { JudgedTrial } from '../model/analysis.ts'
import type { Event, Phase } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { Result } from '../model/result.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import type { Output } from './output.ts'
import type { Style } from './terminal-style.ts'

/** The state of a run, from its events. */
export interface RunState {
  readonly startedAt: Seconds
  /** Time of the last event. */
  readonly at: Seconds
  /** End of the last trial, or the start of the run: what an estimate of the time ahead counts from. */
  readonly settledAt: Seconds
  readonly trials: number
  /** Trials that have their result, those of an earlier process included. */
  readonly finished: number
  readonly failed: number
  readonly invalid: number
  readonly warnings: number
  /** Time inside windows. */
  readonly measured: Seconds
  readonly cohort: number
  readonly block: number
  readonly arm?: string
  readonly load?: string
  /** What is being done right now; between trials the step. */
  readonly doing?: { readonly phase: Phase | 'idle'; readonly seconds: Seconds } | { readonly step: string }
  /** Within a window, where nothing may be drawn. */
  readonly isMeasuring: boolean
  readonly isDone: boolean
}

const INITIAL: RunState = {
  startedAt: 0,
  at: 0,
  settledAt: 0,
  trials: 0,
  finished: 0,
  failed: 0,
  invalid: 0,
  warnings: 0,
  measured: 0,
  cohort: 0,
  block: 0,
  isMeasuring: false,
  isDone: false,
}

/** The state after an event. `status` is what the validity rules make of a result. */
export function advance(before: RunState = INITIAL, event: Event, status?: JudgedTrial['status']): RunState {
  const measured = before.measured + (before.isMeasuring ? event.at - before.at : 0)
  const state = { ...before, at: event.at, measured }
  switch (event.type) {
    case 'run':
      return { ...state, startedAt: event.at, settledAt: event.at, trials: event.trials, finished: event.finished }
    case 'cohort':
      return { ...between(state), cohort: event.cohort.cohort }
    case 'visit':
      return { ...between(state), cohort: event.cohort, block: event.block, arm: event.visit.arm }
    case 'step': {
      // A step of another arm does not end the window.
      if (state.isMeasuring) return state
      return { ...between(state), ...(event.arm === undefined ? {} : { arm: event.arm }), doing: { step: event.title } }
    }
    case 'idle':
      return { ...state, arm: event.arm, doing: { phase: 'idle', seconds: event.seconds }, isMeasuring: true }
    case 'phase': {
      const { trial, phase, seconds } = event
      const isMeasuring = phase === 'measure'
      return { ...state, arm: trial.arm, load: trial.load, doing: { phase, seconds }, isMeasuring }
    }
    case 'result': {
      const failed = state.failed + (status === 'failed' ? 1 : 0)
      const invalid = state.invalid + (status === 'invalid' ? 1 : 0)
      const ends = event.result.trial.step ? 0 : 1
      return { ...between(state), failed, invalid, finished: state.finished + ends, settledAt: event.at }
    }
    case 'searched':
      return { ...state, finished: state.finished + 1 }
    case 'installed':
      return state
    case 'warning':
      return { ...state, warnings: state.warnings + 1 }
    case 'lowered':
      return between(state)
    case 'done':
      return { ...between(state), isDone: true }
  }
}

function between({ doing: _, load: __, ...state }: RunState): RunState {
  return { ...state, isMeasuring: false }
}

/** An event, and where the run was before and is after it. */
export interface Moment {
  readonly event: Event
  readonly before: RunState | undefined
  readonly after: RunState
  /** Of a result. */
  readonly judged: JudgedTrial<Result> | undefined
}

/** Where progress is shown. */
export interface Screen {
  say(moment: Moment): void
  /** Shows that a step goes on; `since` is the time of the last event. */
  beat(state: RunState, since: Seconds): void
  /** Makes room for what is written by others. */
  clear(): void
  end(state: RunState): void
}

export interface ScreenOptions {
  readonly output: Output
  /** The whole plan of the run, what is finished included. */
  readonly plan: Plan
  readonly style: Style
  /** Seconds left, counted from the end of the last trial; undefined while unknown. */
  eta?(): Seconds | undefined
}

/** `cohort 1 of 2, block 3 of 8`; blocks are counted over the whole run. */
export function placeText({ cohort, block }: RunState, { cohorts }: Plan): string {
  const blocks = Math.max(...cohorts.flatMap((each) => each.blocks.map((one) => one.block)))
  return commas(
    cohorts.length > 1 && cohort > 0 && `cohort ${cohort} of ${cohorts.length}`,
    block > 0 && `block ${block} of ${blocks}`,
  )
}

/** `about 12 min left`; empty while unknown. */
export function timeLeftText(state: RunState, { eta }: Pick<ScreenOptions, 'eta'>): string {
  const ahead = eta?.()
  if (ahead === undefined || state.isDone) return ''
  return `about ${formatDuration(roundly(Math.max(0, state.settledAt + ahead - state.at)))} left`
}

/** `1 failed, 2 invalid`. */
export function problemsText({ failed, invalid, warnings }: RunState): string {
  return commas(
    failed > 0 && `${failed} failed`,
    invalid > 0 && `${invalid} invalid`,
    warnings > 0 && `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
  )
}

/** The last line: how many trials finished. */
export function endingText(state: RunState, plan: Pick<Plan, 'scenario'>): string {
  const { isDone, finished, trials } = state
  return commas(`${isDone ? 'done' : 'stopped'}: ${finished} of ${trials} ${plannedNoun(plan)}`, problemsText(state))
}

/** What a plan counts: a search has as many trials as it needs. */
export function plannedNoun({ scenario }: Pick<Plan, 'scenario'>): string {
  return scenario.loads.some(({ capacity }) => capacity) ? 'searches' : 'trials'
}

/** Rounds an estimate, since seconds would be too exact. */
function roundly(seconds: Seconds): Seconds {
  const step = seconds > 600 ? 60 : seconds > 60 ? 10 : 1
  return Math.round(seconds / step) * step
}

function commas(...parts: (string | false)[]): string {
  return parts.filter(Boolean).join(', ')
}
