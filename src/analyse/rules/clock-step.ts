import { traitsOf } from '../../model/traits.ts'
import { formatDuration, formatLatency, formatNumber, formatShare } from '../../model/units.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/** Two clocks that are read one after the other on a busy machine differ by some milliseconds. */
const STEP = 0.01
/** Seconds that the clocks of load generator and controller may differ. */
const APART = 1
/** Share of the load that the window of CPU and memory may miss. */
const LACKING = 0.01

export const clockStep: Rule = {
  name: 'clock-step',
  title: 'No clock stepped, and all clocks agree',
  problem: 'A clock stepped',
  ofEach: true,
  judge: (trial) => stepped(trial) ?? jumped(trial) ?? apart(trial),
}

/** The times that the load generator wrote contradict its schedule, which it keeps by a monotonic clock. */
function jumped({ reading }: TrialView): Objection | undefined {
  const { clockStep: step } = reading.generator
  if (step === undefined) return undefined
  const what =
    step > 0
      ? `forward by ${formatLatency(step)}: it was set, or the machine slept`
      : `back by ${formatLatency(-step)}: it was set`
  return invalid(
    `The wall clock of the load generator stepped ${what}.`,
    'Intended send times are wall-clock times: response times, lateness and the time line of this trial are wrong.',
    'Keep the machine awake, let its clock slew instead of step (chrony, systemd-timesyncd), then repeat.',
  )
}

function stepped({ reading }: TrialView): Objection | undefined {
  const step = reading.observation.host?.clockStep ?? 0
  if (Math.abs(step) <= STEP) return undefined
  return invalid(
    `The wall clock stepped by ${formatLatency(step)} within the window.`,
    'Intended send times are wall-clock times: every response time after the step is wrong by as much.',
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
    `By the clock of the load generator, its window began ${formatNumber(off)} s outside the trial.`,
    'The clocks of load generator and controller differ: CPU and memory may not be from the time of the load.',
    'Synchronise the clocks of the nodes.',
  )
}

/** Where a snapshot is late or early, the CPU of some requests is not counted, and the arm looks cheaper than it is. */
export const loadOutsideWindow: Rule = {
  name: 'load-outside-window',
  title: 'CPU and memory were measured over the whole load',
  problem: 'CPU and memory were not measured over the whole load',
  usesClock: true,
  judge(trial) {
    const { reading, platform } = trial
    const { startedAt: opened, seconds, host } = reading.observation
    const lacking = reading.seconds - seconds
    if (opened === undefined && lacking > LACKING * reading.seconds) {
      return outside(`lasted ${formatDuration(seconds)}`, lacking / reading.seconds)
    }
    // Where the clocks differ, the order of snapshots and load is unknown, and another rule reports it.
    if (opened === undefined || traitsOf(platform)?.arms === 'effects' || apart(trial)) return undefined
    const closed = opened + seconds + (host?.clockStep ?? 0)
    const before = Math.max(0, opened - reading.startedAt)
    const after = Math.max(0, reading.startedAt + reading.seconds - closed)
    if (before + after <= LACKING * reading.seconds) return undefined
    const parts = [
      before > 0 && `opened ${formatDuration(before)} after the load began`,
      after > 0 && `closed ${formatDuration(after)} before the load ended`,
    ]
    return outside(parts.filter(Boolean).join(' and '), Math.min(1, (before + after) / reading.seconds))
  },
}

function outside(what: string, share: number): Objection {
  return invalid(
    `The window of CPU and memory ${what}: ${formatShare(share)} of the load is outside it.`,
    'The CPU of only a part of the load is divided by all requests: the arm looks cheaper than it is.',
    'Use a machine that reads the counters faster (more cores, less other work), and synchronise the clocks of load generator and controller.',
  )
}
