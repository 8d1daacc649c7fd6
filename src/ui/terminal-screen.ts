import { createLogUpdate } from 'log-update'
import { failureText } from './failure.ts'
import { liveView } from './live-view.ts'
import type { Screen, ScreenOptions } from './screen.ts'
import { trialLine } from './trial-line.ts'
import { endingText } from './where-text.ts'

/** A view that is drawn over itself; above it stay warnings and the trials that do not count. */
export function terminalScreen(options: ScreenOptions): Screen {
  const { stream, style, plan } = options
  // With the cursor left alone no signal handlers are installed: Ctrl-C is not for a library to deal with.
  const log = createLogUpdate(stream, { showCursor: true })
  let last: string | undefined
  return {
    say: ({ event, after, judged }) => {
      if (event.type === 'warning') log.persist(failureText(event.failure, style, 'warning'))
      if (judged) last = trialLine(judged, plan.scenario, style)
      if (last !== undefined && judged && judged.status !== 'valid') log.persist(last)
      log(liveView(after, last, options))
    },
    end: (state) => {
      log.clear()
      stream.write(`${endingText(state)}\n`)
    },
  }
}
