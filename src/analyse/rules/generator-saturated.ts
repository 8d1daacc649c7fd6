import type { Reading } from '../../model/result.ts'
import { formatLatency, formatNumber, formatShare } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/**
 * Seconds of lateness that are tolerated. Response times do not include lateness, so what matters is whether the schedule
 * was kept: a send must not be later than the next send of its connection. Timers of virtual machines alone wake up late by 1–3 ms at p99 (fortio 1.68.0 on idle cores).
 */
const LATE_LEAST = 2e-3
const LATE_MOST = 10e-3
/** Share of requests sent after a pause of the load generator, above which its pauses shape the load. */
const PAUSED = 0.05
/** Share of the pauses between requests that may be behind schedule. */
const BEHIND = 0.05
/** Share of its CPU limit that the load generator may use. */
const LIMIT_SHARE = 0.8
/** Seconds that a request may wait for a connection slot, at p99. */
const BLOCKED = 1e-3
/** Share of an iteration that the k6 script may take. With answers below a millisecond, k6 1.8.1 normally takes 22–26 %. */
const SCRIPT = 0.5

const EFFECT = 'The load generator was the bottleneck: the figures describe it rather than the arm.'
const REMEDY =
  'Give the load generator more CPU, cores of its own or a machine of its own, share the load among several (`generators`), or lower the rate.'

export const generatorSaturated: Rule = {
  name: 'generator-saturated',
  title: 'The load generator was not the bottleneck',
  problem: 'The load generator was the bottleneck',
  blursLatency: true,
  findsOverload: true,
  ofEach: true,
  usesClock: true,
  judge: (trial) => [...late(trial), ...behind(trial), ...starved(trial.reading), ...script(trial.reading)],
}

function late({ reading: { generator }, load }: TrialView): Objection[] {
  if (!generator.late || load.rate === 'max') return []
  const { p99, max, disturbed = 0, inherited = 0 } = generator.late
  if (disturbed > PAUSED) {
    const waited = inherited > 0 ? `, and ${formatShare(inherited)} waited behind a late request` : ''
    const cause = `The load generator paused for at least ${formatLatency(max)} in all: ${formatShare(disturbed)} of the requests were sent after a pause${waited}.`
    return [invalid(cause, EFFECT, REMEDY)]
  }
  // A few pauses are in the highest quantiles of the lateness alone; `quantile-withheld` says what they make unknown.
  if (disturbed > 0.01) return []
  const limit = Math.max(LATE_LEAST, Math.min(LATE_MOST, generator.connections / load.rate))
  if (p99 <= limit / 2) return []
  const judgement = p99 > limit ? invalid : warning
  const cause = `1 % of the requests were sent ${formatLatency(p99)} or more after they were due, although their connection was free.`
  return [judgement(cause, p99 > limit ? EFFECT : 'Requests were sent in small bursts, not evenly.', REMEDY)]
}

/** The load generator is to blame only where it was late itself, which `late` judges; otherwise its connections were waiting for answers. */
function behind(trial: TrialView): Objection[] {
  const { fallingBehind: share, late: own } = trial.reading.generator
  if (share === undefined || share <= BEHIND) return []
  const cause = `${formatShare(share)} of the pauses between requests were behind schedule.`
  if (!own) return [invalid(cause, EFFECT, REMEDY)]
  if (late(trial).length > 0 || (own.disturbed ?? 0) > 0 || (own.inherited ?? 0) > share / 2) return []
  return [
    warning(
      `${cause} The connections were waiting for answers.`,
      'The response time includes the wait for a free connection.',
      'Use more connections if the callers of the real service have more.',
    ),
  ]
}

function starved({ observation }: Reading): Objection[] {
  return observation.usage
    .filter(({ role }) => role === 'generator')
    .flatMap(({ component, cpuSeconds, cpuLimit, throttledPeriods = 0 }) => {
      const cores = cpuSeconds / observation.seconds
      if (throttledPeriods > 0) {
        return [invalid(`${component} was throttled in ${count(throttledPeriods, 'period')}.`, EFFECT, REMEDY)]
      }
      if (cpuLimit === undefined || cores <= LIMIT_SHARE * cpuLimit) return []
      return [
        invalid(
          `${component} used ${formatNumber(cores)} of the ${formatNumber(cpuLimit)} cores it is allowed.`,
          EFFECT,
          REMEDY,
        ),
      ]
    })
}

/** Only k6 reports these. A slow script wastes CPU but does not delay the next arrival while virtual users are free. */
function script({ generator }: Reading): Objection[] {
  const { blockedP99 = 0, scriptShare = 0 } = generator
  const objections: Objection[] = []
  if (blockedP99 > BLOCKED) {
    objections.push(
      invalid(`1 % of the requests waited ${formatLatency(blockedP99)} or more for a connection slot.`, EFFECT, REMEDY),
    )
  }
  if (scriptShare > SCRIPT) {
    objections.push(
      warning(
        `The script took ${formatShare(scriptShare)} of each iteration.`,
        'Latencies do not include this time, but the load generator uses more CPU than the load needs.',
        'Use fortio for such short requests, or check the CPU of the load generator.',
      ),
    )
  }
  return objections
}
