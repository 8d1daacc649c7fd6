import type { Seconds } from '../../model/units.ts'

/** What a simulated load generator leaves behind. */
export interface LoadOutcome {
  readonly exitCode: number
  readonly stderr: string
  readonly stdout: string
  /** Path → content. */
  readonly files: ReadonlyMap<string, string>
  /** From its start to its end. */
  readonly seconds: Seconds
  /** The window itself, without warm-up. */
  readonly window: Seconds
  /** Sent within the window. */
  readonly requests: number
  readonly connections: number
}

/** A trial's start, in whole seconds since the epoch: an hour for each trial from 2026-01-01 on, so that bytes repeat. */
export function startOf({ trial }: { readonly trial: { readonly order: number } }): Seconds {
  return 1_767_225_600 + trial.order * 3600
}
