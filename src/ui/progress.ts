import type { JudgedTrial } from '../model/analysis.ts'
import { type Event, opensWindow } from '../model/event.ts'
import type { Result } from '../model/result.ts'
import { type LogOptions, logScreen } from './log-screen.ts'
import { advance, type RunState } from './run-state.ts'
import type { Moment } from './screen.ts'
import { terminalScreen } from './terminal-screen.ts'

export interface ProgressOptions extends LogOptions {
  /** A live view that is drawn over itself; otherwise lines. */
  readonly interactive: boolean
  /** What the validity rules make of a result. */
  judge?(result: Result): JudgedTrial
}

export interface Progress {
  show(event: Event): void
  /** Takes the live view away and says how far the run came. */
  stop(): void
}

/**
 * Shows how a run goes. It moves only when something happens, and not at all within a window: what is said between the
 * event that opens one and the next event of its trial waits.
 */
export function progress(options: ProgressOptions): Progress {
  const screen = options.interactive ? terminalScreen(options) : logScreen(options)
  let state: RunState | undefined
  let held: Moment[] = []
  const release = () => {
    for (const moment of held) screen.say(moment)
    held = []
  }
  return {
    show: (event) => {
      const judged = event.type === 'result' ? judge(event.result, options) : undefined
      const after = advance(state, event, judged?.status)
      held.push({ event, before: state, after, judged })
      state = after
      if (opensWindow(event) || !after.isMeasuring) release()
    },
    stop: () => {
      release()
      if (state) screen.end(state)
      state = undefined
    },
  }
}

function judge(result: Result, options: ProgressOptions): JudgedTrial {
  const unjudged = { result, status: result.outcome.status === 'failed' ? 'failed' : 'valid', problems: [] } as const
  return options.judge?.(result) ?? unjudged
}
