import type { JudgedTrial } from '../model/analysis.ts'
import type { Event } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { Seconds } from '../model/units.ts'
import type { RunState } from './run-state.ts'
import type { Style } from './style.ts'

/** An event, and where the run was before and is after it. */
export interface Moment {
  readonly event: Event
  readonly before: RunState | undefined
  readonly after: RunState
  /** Of a result. */
  readonly judged: JudgedTrial | undefined
}

/** Where progress is shown. */
export interface Screen {
  say(moment: Moment): void
  end(state: RunState): void
}

export interface ScreenOptions {
  readonly stream: NodeJS.WritableStream
  /** The whole plan of the run, what is finished included. */
  readonly plan: Plan
  readonly style: Style
  /** Seconds still ahead, counted from the end of the last trial; undefined as long as nobody can tell. */
  eta?(): Seconds | undefined
}
