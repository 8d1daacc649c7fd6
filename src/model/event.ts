import type { FailureData } from './failure.ts'
import type { Installation } from './installation.ts'
import type { Cohort, Plan, Trial, Visit } from './plan.ts'
import type { RawOutput } from './platform.ts'
import type { Result } from './result.ts'

/** What a trial is doing. Only `measure` counts as measuring. */
export type Phase = 'warm-up' | 'measure' | 'collect'

/** What happens in a run, in order. `at` is seconds since the epoch. */
export type Event = { readonly at: number } & (
  | { readonly type: 'run'; readonly plan: Plan; readonly trials: number; readonly finished: number }
  | { readonly type: 'cohort'; readonly cohort: Cohort }
  | { readonly type: 'visit'; readonly visit: Visit; readonly cohort: number; readonly block: number }
  | { readonly type: 'step'; readonly title: string; readonly arm?: string }
  | { readonly type: 'installed'; readonly installation: Installation }
  /** The idle window of a visit: the arm is up and gets no requests. */
  | { readonly type: 'idle'; readonly arm: string; readonly seconds: number }
  | { readonly type: 'phase'; readonly trial: Trial; readonly phase: Phase; readonly seconds: number }
  | { readonly type: 'result'; readonly result: Result; readonly raw: readonly RawOutput[] }
  /** A planned trial that is a search has ended: its last trial has its result. */
  | { readonly type: 'searched'; readonly trial: Trial }
  | { readonly type: 'lowered'; readonly arm: string }
  | { readonly type: 'warning'; readonly failure: FailureData }
  | { readonly type: 'done'; readonly measured: number; readonly failed: number }
)

/** Whether the event opens a window, during which nothing may be drawn or written. */
export function opensWindow(event: Event): boolean {
  return event.type === 'idle' || (event.type === 'phase' && event.phase === 'measure')
}
