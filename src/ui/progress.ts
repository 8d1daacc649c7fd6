import { createLogUpdate } from 'log-update'
import { viewTrial } from '../analyse/trial-view.ts'
import type { JudgedTrial } from '../model/analysis.ts'
import { type Event, opensWindow } from '../model/event.ts'
import type { Result } from '../model/result.ts'
import type { Scenario } from '../model/scenario.ts'
import { formatDuration, formatLatency, formatRate, type Seconds } from '../model/units.ts'
import { failureText } from './failure-text.ts'
import { harmless } from './output.ts'
import {
  advance,
  endingText,
  type Moment,
  placeText,
  plannedNoun,
  problemsText,
  type RunState,
  type Screen,
  type ScreenOptions,
  timeLeftText,
} from './run-state.ts'
import type { Style } from './terminal-style.ts'

interface ProgressOptions extends LogOptions {
  /** A live view that overwrites itself; otherwise lines. */
  readonly interactive: boolean
  /** What the validity rules make of a result. */
  judge?(result: Result): JudgedTrial<Result>
}

export interface Progress {
  show(event: Event): void
  /** Removes the live view and writes nothing while `act` goes on, such as a question on the terminal. */
  aside<T>(act: () => Promise<T>): Promise<T>
  /** Removes the live view and prints how many trials finished. */
  stop(): void
}

/**
 * Shows the progress of a run. It writes only on events, and not during a window: text is held back from the event that
 * opens the window to the next event of its trial.
 */
export function progress(options: ProgressOptions): Progress {
  const screen = options.interactive ? terminalScreen(options) : logScreen(options)
  let state: RunState | undefined
  let held: Moment[] = []
  let isAside = false
  // Never within a window: only what takes long between them shows that it goes on.
  const beat = setInterval(() => {
    if (state && !isAside && !state.isMeasuring && held.length === 0) screen.beat({ ...state, at: now() }, state.at)
  }, BEAT)
  beat.unref()
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
    aside: async (act) => {
      isAside = true
      screen.clear()
      try {
        return await act()
      } finally {
        isAside = false
      }
    },
    stop: () => {
      clearInterval(beat)
      release()
      if (state) screen.end(state)
      state = undefined
    },
  }
}

/** Milliseconds. */
const BEAT = 1000

const now = (): Seconds => Date.now() / 1000

function judge(result: Result, options: ProgressOptions): JudgedTrial<Result> {
  const unjudged = { result, status: result.outcome.status === 'failed' ? 'failed' : 'valid', problems: [] } as const
  return options.judge?.(result) ?? unjudged
}

interface LogOptions extends ScreenOptions {
  /** GitHub Actions folds the lines between two marks: here those of a block. */
  readonly folding?: 'github-actions'
  /** Phases of a trial have lines of their own. */
  readonly verbose?: boolean
}

/** A log says so often that a step goes on. */
const SILENCE: Seconds = 10

/** Lines, one for each step and each trial. */
function logScreen(options: LogOptions): Screen {
  const { output, folding, style, plan } = options
  let written = 0
  return {
    beat: (state, since) => {
      if (state.at - Math.max(since, written) < SILENCE || state.doing === undefined) return
      written = state.at
      output.write(
        `  ${style.dim(style.plain(`still ${doingText(state)}: ${formatDuration(state.at - since)} so far`))}\n`,
      )
    },
    say: (moment) => {
      if (isNewBlock(moment)) beginBlock(moment, options)
      const say = moment.event.type === 'warning' ? output.alert : output.write
      for (const line of linesOf(moment, options)) say(`${line}\n`)
    },
    clear: () => undefined,
    end: (state) => {
      if (folding && state.block > 0) output.writeWorkflowCommand('::endgroup::')
      output.write(`${endingText(state, plan)}\n`)
    },
  }
}

function linesOf(moment: Moment, options: LogOptions): string[] {
  const { event, after } = moment
  const { style, plan } = options
  switch (event.type) {
    case 'run': {
      const before = event.finished > 0 ? `${event.finished} already finished` : ''
      return [
        commas(`${plan.scenario.name}: ${event.trials} ${plannedNoun(plan)}`, before, timeLeftText(after, options)),
      ]
    }
    case 'step':
      return [`  ${style.plain(event.arm === undefined ? event.title : `${event.arm}: ${event.title}`)}`]
    case 'idle':
    case 'phase':
      return options.verbose ? [`  ${style.plain(doingText(after))}`] : []
    case 'result':
      return [resultLine(moment, options)]
    case 'warning':
      return [failureText(event.failure, style, 'warning')]
    default:
      return []
  }
}

function isNewBlock({ event, before, after }: Moment): boolean {
  return event.type === 'visit' && before?.block !== after.block
}

/** The heading of a block: a fold of its own where the log has folds. */
function beginBlock({ before, after }: Moment, { output, style, plan, folding }: LogOptions): void {
  const title = placeText(after, plan)
  if (!folding) {
    output.write(`${style.bold(title)}\n`)
    return
  }
  if (before?.block) output.writeWorkflowCommand('::endgroup::')
  output.writeWorkflowCommand(`::group::${title}`)
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

/** A live view that overwrites itself. Warnings and invalid trials stay above it. */
function terminalScreen(options: ScreenOptions): Screen {
  const { output, style, plan } = options
  // The cursor is not hidden, so the library installs no signal handlers: meshbench handles Ctrl-C itself.
  const log = createLogUpdate(output.stream, { showCursor: true })
  let last: string | undefined
  return {
    beat: (state) => log(harmless(liveView(state, last, options))),
    say: ({ event, after, judged }) => {
      if (event.type === 'warning') log.persist(harmless(failureText(event.failure, style, 'warning')))
      if (judged) last = harmless(trialLine(judged, plan.scenario, style))
      if (last !== undefined && judged && judged.status !== 'valid') log.persist(last)
      log(harmless(liveView(after, last, options)))
    },
    clear: () => log.clear(),
    end: (state) => {
      log.clear()
      output.write(`${endingText(state, plan)}\n`)
    },
  }
}

/** The live view in a few lines. `last` is the line of the last trial. */
function liveView(state: RunState, last: string | undefined, options: ScreenOptions): string {
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

/** What the run is doing. The view is not redrawn during a window, so the end is a time of day. */
function doingText({ arm, load, doing, at }: RunState): string {
  if (doing === undefined) return arm ?? 'preparing'
  if ('step' in doing) return arm === undefined ? doing.step : `${arm}: ${doing.step}`
  const until = `${formatDuration(doing.seconds)}, until ${timeOfDay(at + doing.seconds)}`
  const text = {
    idle: `measuring without load, ${until}`,
    'warm-up': `warming up, ${until}`,
    measure: `measuring, ${until}`,
    collect: 'reading the results',
  }
  return `${arm}${load === undefined ? '' : ` ${load}`}: ${text[doing.phase]}`
}

function progressText(state: RunState, options: ScreenOptions): string {
  const elapsed = state.at - state.startedAt
  const parts = [
    `${state.finished} of ${state.trials} ${plannedNoun(options.plan)}`,
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

/** The figures of a trial in one line. They are no finding, since one trial proves nothing. */
function trialLine(judged: JudgedTrial<Result>, scenario: Scenario, style: Style): string {
  const { trial, outcome } = judged.result
  const at = trial.step ? ` at ${formatRate(Number(trial.step.rate.toPrecision(3)))}` : ''
  const name = `${trial.arm} ${trial.load}${at}`
  if (outcome.status === 'failed') return `${name}  ${style.red('failed')}: ${style.plain(outcome.failure.message)}`
  const seen = style.plain(figures(judged, scenario))
  if (judged.status === 'valid') return `${name}  ${seen}`
  const causes = judged.problems.filter(({ severity }) => severity === 'invalid').map(({ cause }) => cause)
  return `${name}  ${style.dim(seen)}  ${style.yellow('invalid')}: ${style.plain(causes.join('; '))}`
}

function figures({ result }: JudgedTrial<Result>, scenario: Scenario): string {
  const view = viewTrial(result, scenario)
  if (!view) return 'unknown to the scenario'
  const { headline, reading } = view
  const rate = Math.round((reading.requests - reading.errors) / reading.seconds)
  return `p50 ${formatLatency(headline.p50)}, p99 ${formatLatency(headline.p99)}, ${formatRate(rate)}`
}
