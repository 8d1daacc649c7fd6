import { failureText } from './failure.ts'
import type { Moment, Screen, ScreenOptions } from './screen.ts'
import { trialLine } from './trial-line.ts'
import { endingText, placeText, timeLeftText } from './where-text.ts'

export interface LogOptions extends ScreenOptions {
  /** GitHub Actions folds the lines between two marks: here those of a block. */
  readonly folding?: 'github-actions'
}

/** Lines, one for each step and each trial. */
export function logScreen(options: LogOptions): Screen {
  const { stream, folding } = options
  const write = (lines: readonly string[]) => {
    for (const line of lines) stream.write(`${line}\n`)
  }
  return {
    say: (moment) => write(linesOf(moment, options)),
    end: (state) => write([...(folding && state.block > 0 ? ['::endgroup::'] : []), endingText(state)]),
  }
}

function linesOf(moment: Moment, options: LogOptions): string[] {
  const { event, after } = moment
  const { style, plan } = options
  switch (event.type) {
    case 'run': {
      const before = event.finished > 0 ? `${event.finished} of them finished before` : ''
      return [commas(`${plan.scenario.name}: ${event.trials} trials`, before, timeLeftText(after, options))]
    }
    case 'visit':
      return heading(moment, options)
    case 'step':
      return [`  ${style.plain(event.arm === undefined ? event.title : `${event.arm}: ${event.title}`)}`]
    case 'result':
      return [resultLine(moment, options)]
    case 'warning':
      return [failureText(event.failure, style, 'warning')]
    default:
      return []
  }
}

/** Once per block. */
function heading({ before, after }: Moment, { style, plan, folding }: LogOptions): string[] {
  if (before?.block === after.block) return []
  const title = placeText(after, plan)
  if (!folding) return [style.bold(title)]
  return [...(before?.block ? ['::endgroup::'] : []), `::group::${title}`]
}

function resultLine({ after, judged }: Moment, options: LogOptions): string {
  const { finished, trials } = after
  const count = `[${String(finished).padStart(String(trials).length)}/${trials}]`
  const left = finished === trials ? '' : timeLeftText(after, options)
  const line = judged ? trialLine(judged, options.plan.scenario, options.style) : ''
  return `  ${count} ${line}${left === '' ? '' : options.style.dim(`  (${left})`)}`
}

function commas(...parts: string[]): string {
  return parts.filter(Boolean).join(', ')
}
