import type { Plan } from '../model/plan.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import type { RunState } from './run-state.ts'
import type { ScreenOptions } from './screen.ts'

/** `cohort 1 of 2, block 3 of 8`; blocks are counted over the whole run. */
export function placeText({ cohort, block }: RunState, { cohorts }: Plan): string {
  const blocks = Math.max(...cohorts.flatMap((each) => each.blocks.map((one) => one.block)))
  return commas(
    cohorts.length > 1 && cohort > 0 && `cohort ${cohort} of ${cohorts.length}`,
    block > 0 && `block ${block} of ${blocks}`,
  )
}

/** `about 12 min left`; empty as long as nobody can tell. */
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

/** How a run ended, or where it was broken off. */
export function endingText(state: RunState): string {
  const { isDone, finished, trials } = state
  return commas(`${isDone ? 'done' : 'stopped'}: ${finished} of ${trials} trials`, problemsText(state))
}

/** An estimate to the second would claim too much. */
function roundly(seconds: Seconds): Seconds {
  const step = seconds > 600 ? 60 : seconds > 60 ? 10 : 1
  return Math.round(seconds / step) * step
}

function commas(...parts: (string | false)[]): string {
  return parts.filter(Boolean).join(', ')
}
