import type { GeneratorReading, Reading } from '../../model/result.ts'
import { formatDuration, formatLatency, formatShare, type Seconds } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule } from './rule.ts'

/** Least share of the window in which all load generators must have sent. */
const OVERLAP = 0.95
/** By how much two clocks may differ. */
const APART: Seconds = 1
/** Beyond the bounds of two comparisons a clock that moved was set. */
const STEPPED: Seconds = 0.05
/** Names that are told. */
const TOLD = 3

const EFFECT =
  'Outside of the common part the arm had only a part of the load, and its latencies are those of a lower rate.'

/** Several load generators are one load only while all of them send. */
export const generatorsApart: Rule = {
  name: 'generators-apart',
  title: 'All load generators sent at the same time',
  problem: 'Load generators did not send at the same time',
  judge(trial) {
    const { generators } = trial.reading
    if (!generators || generators.each.length < 2) return undefined
    return clockTrouble(generators.each, trial.load.duration) ?? apart(trial, generators)
  },
}

/** Where clocks differ, times of requests cannot be compared, and the start that was agreed upon was another one. */
function clockTrouble(each: readonly GeneratorReading[], duration: Seconds): Objection | undefined {
  const remedy = 'Synchronise the clocks of the nodes (chrony, systemd-timesyncd).'
  const vague = each.filter(({ clock }) => clock.before.bound > (1 - OVERLAP) * duration)
  if (vague.length > 0) {
    const told = vague.map(({ name, clock }) => `${name} (± ${formatLatency(clock.before.bound)})`)
    return invalid(
      `Clocks of ${count(vague.length, 'load generator')} could not be compared closely enough: ${some(told)}.`,
      'Whether their windows overlapped is unknown.',
      'Measure for longer, or use a faster way to the cluster.',
    )
  }
  const off = each.filter(({ clock }) => Math.abs(clock.before.offset) - clock.before.bound > APART)
  if (off.length > 0) {
    const told = off.map(({ name, clock: { before } }) => `${name} is ${aheadWords(before.offset, before.bound)}`)
    return invalid(
      `The clock of ${some(told)}.`,
      'It began when its own clock said so, not when the others did, and the times of its requests are not comparable.',
      remedy,
    )
  }
  const stepped = each.filter(({ clock: { before, after } }) => {
    return Math.abs(after.offset - before.offset) > before.bound + after.bound + STEPPED
  })
  if (stepped.length === 0) return undefined
  const told = stepped.map(
    ({ name, clock: { before, after } }) => `${name} by ${formatLatency(Math.abs(after.offset - before.offset))}`,
  )
  return invalid(
    `The clocks of ${count(stepped.length, 'load generator')} were set within the window: ${some(told)}.`,
    'Times of requests before and after it are not comparable.',
    remedy,
  )
}

function aheadWords(offset: Seconds, bound: Seconds): string {
  return `${formatDuration(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'} (± ${formatLatency(bound)})`
}

function apart({ load }: TrialView, { startAt, each }: NonNullable<Reading['generators']>): Objection | undefined {
  const starts = each.map(({ name, startedAt, clock }) => ({ name, at: startedAt - clock.before.offset }))
  const [first, last] = [Math.min(...starts.map(({ at }) => at)), Math.max(...starts.map(({ at }) => at))]
  const overlap = 1 - (last - first) / load.duration
  if (overlap >= OVERLAP) return undefined
  // A script with its own shape says itself when it begins.
  const agreed = load.shape === undefined ? startAt : first
  const late = starts.filter(({ at }) => Math.abs(at - agreed) > (1 - OVERLAP) * load.duration)
  const named = late.length > 0 ? late : starts.filter(({ at }) => at === first || at === last)
  const told = named.map(({ name, at }) => `${name} began ${lateWords(at - agreed)}`)
  return invalid(
    `The windows of ${count(each.length, 'load generator')} overlapped by ${formatShare(Math.max(0, overlap))}: ${some(told)}.`,
    EFFECT,
    'Give the load generators more CPU, or nodes of their own, so that they start when they are told to; or measure for longer.',
  )
}

function lateWords(by: Seconds): string {
  return `${formatDuration(Math.abs(by))} ${by < 0 ? 'early' : 'late'}`
}

function some(names: readonly string[]): string {
  const rest = names.length - TOLD
  return list(rest > 0 ? [...names.slice(0, TOLD), count(rest, 'other')] : names)
}
