import { traitsOf } from '../../model/traits.ts'
import { formatDuration, formatLatency, formatNumber, formatShare } from '../../model/units.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/** Reading two clocks one after the other on a busy machine differs by some milliseconds. */
const STEP = 0.01
const APART = 1
/** Of the load's window, that the window of CPU and memory may lack. */
const LACKING = 0.01

export const clockStep: Rule = {
  name: 'clock-step',
  title: 'Clocks ran evenly and agree',
  judge: (trial) => stepped(trial) ?? jumped(trial) ?? apart(trial),
}

/** The generator's own times contradict its schedule, which it keeps by a clock that nobody steps. */
function jumped({ reading }: TrialView): Objection | undefined {
  const { clockStep: step } = reading.generator
  if (step === undefined) return undefined
  const what =
    step > 0
      ? `forward by ${formatLatency(step)}: somebody set it, or the machine slept`
      : `back by ${formatLatency(-step)}: somebody set it`
  return invalid(
    `The clock stepped while the load ran: the load generator's wall clock went ${what}.`,
    'Intended times are wall-clock times: response times, lateness and the time line of this trial mean nothing.',
    'Keep the machine from sleeping, let its clock slew instead of step (chrony, systemd-timesyncd), then repeat.',
  )
}

function stepped({ reading }: TrialView): Objection | undefined {
  const step = reading.observation.host?.clockStep ?? 0
  if (Math.abs(step) <= STEP) return undefined
  return invalid(
    `The wall clock was stepped by ${formatLatency(step)} within the window.`,
    'Intended times are wall-clock times: every response time after the step is wrong by it.',
    'Let the clock slew instead of step (chrony, systemd-timesyncd), then repeat.',
  )
}

function apart({ reading, result, platform }: TrialView): Objection | undefined {
  // Simulated clocks are made up, so that results repeat byte for byte.
  if (traitsOf(platform)?.arms === 'effects') return undefined
  const early = Date.parse(result.startedAt) / 1000 - reading.startedAt
  const lateBy = reading.startedAt - Date.parse(result.endedAt) / 1000
  const off = Math.max(early, lateBy)
  if (off <= APART) return undefined
  return warning(
    `The generator says that its window began ${formatNumber(off)} s outside the trial.`,
    'The clocks of generator and controller disagree: CPU and memory may be of another moment than the load.',
    'Synchronise the clocks of the nodes.',
  )
}

/** Edges that were read late or early leave requests whose CPU was not counted: the arm looks cheaper than it is. */
export const loadOutsideWindow: Rule = {
  name: 'load-outside-window',
  title: 'The window of CPU and memory enclosed the load',
  judge(trial) {
    const { reading, platform } = trial
    const { startedAt: opened, seconds, host } = reading.observation
    // A clock that disagrees tells nothing of the order of snapshots and load, and is told as such.
    if (opened === undefined || traitsOf(platform)?.arms === 'effects' || apart(trial)) return undefined
    const closed = opened + seconds + (host?.clockStep ?? 0)
    const before = Math.max(0, opened - reading.startedAt)
    const after = Math.max(0, reading.startedAt + reading.seconds - closed)
    if (before + after <= LACKING * reading.seconds) return undefined
    const parts = [
      before > 0 && `opened ${formatDuration(before)} after the load had begun`,
      after > 0 && `closed ${formatDuration(after)} before the load had ended`,
    ]
    return invalid(
      `The window of CPU and memory ${parts.filter(Boolean).join(' and ')}: ${formatShare(Math.min(1, (before + after) / reading.seconds))} of the load is not in it.`,
      'CPU of a part of the load is divided by all of its requests: the arm looks cheaper than it is.',
      'Use a machine on which the counters are read faster (more cores, less other work), and see that the clocks of generator and controller agree.',
    )
  },
}
