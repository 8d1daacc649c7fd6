import { formatDuration, type Seconds } from '../model/units.ts'
import type { RunState } from './run-state.ts'
import type { ScreenOptions } from './screen.ts'
import { placeText, problemsText, timeLeftText } from './where-text.ts'

/** What is going on, in a few lines that stand still until something happens. `last` is the line of the last trial. */
export function liveView(state: RunState, last: string | undefined, options: ScreenOptions): string {
  const { style, plan } = options
  const problems = problemsText(state)
  return [
    `${style.bold(plan.scenario.name)}  ${style.dim(placeText(state, plan))}`.trimEnd(),
    `  ${style.plain(doingText(state))}`,
    `  ${style.plain(`${bar(state)}  ${progressText(state, options)}`)}`,
    ...(last === undefined ? [] : [`  ${style.dim('last:')} ${last}`]),
    ...(problems === '' ? [] : [`  ${style.yellow(problems)}`]),
  ].join('\n')
}

/** The view stands still meanwhile, so an end is given as a time of day. */
function doingText({ arm, load, doing, at }: RunState): string {
  if (doing === undefined) return arm ?? 'preparing'
  if ('step' in doing) return arm === undefined ? doing.step : `${arm}: ${doing.step}`
  const until = `${formatDuration(doing.seconds)}, until ${timeOfDay(at + doing.seconds)}`
  const text = {
    idle: `measuring idle, without load, ${until}`,
    'warm-up': `warming up, ${until}`,
    measure: `measuring, ${until}`,
    collect: 'reading what was measured',
  }
  return `${arm}${load === undefined ? '' : ` ${load}`}: ${text[doing.phase]}`
}

function progressText(state: RunState, options: ScreenOptions): string {
  const elapsed = state.at - state.startedAt
  const parts = [
    `${state.finished} of ${state.trials} trials`,
    timeLeftText(state, options),
    elapsed >= 1 && `${formatDuration(elapsed)} so far`,
    elapsed >= 1 && state.measured > 0 && `${Math.round((100 * state.measured) / elapsed)} % of it measuring`,
  ]
  return parts.filter(Boolean).join(', ')
}

const CELLS = 20

function bar({ finished, trials }: RunState): string {
  const full = trials === 0 ? 0 : Math.round((CELLS * finished) / trials)
  return '█'.repeat(full) + '░'.repeat(CELLS - full)
}

function timeOfDay(seconds: Seconds): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB')
}
