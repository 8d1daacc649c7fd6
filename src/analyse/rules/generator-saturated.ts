import type { Reading } from '../../model/result.ts'
import { formatLatency, formatNumber, formatShare } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

/**
 * Lateness is in no response time, so what matters is whether the schedule was kept: a send that is later than its
 * connection's next turn has lost it. Timers of virtual machines alone wake up late by 1–3 ms at p99 (fortio 1.68.0 on idle cores).
 */
const LATE_LEAST = 2e-3
const LATE_MOST = 10e-3
/** Share of requests that come out of pauses of the generator, above which the generator shaped the load. */
const PAUSED = 0.05
const BEHIND = 0.05
const LIMIT_SHARE = 0.8
const BLOCKED = 1e-3
/** At answers below a millisecond, 22–26 % is what k6 1.8.1 takes when nothing is wrong. */
const SCRIPT = 0.5

const EFFECT = 'The load generator was the bottleneck: the figures say more about it than about the arm.'
const REMEDY = 'Give the load generator more CPU, cores of its own or a machine of its own, or lower the rate.'

export const generatorSaturated: Rule = {
  name: 'generator-saturated',
  title: 'The load generator was not the bottleneck',
  judge: (trial) => [...late(trial), ...behind(trial), ...starved(trial.reading), ...script(trial.reading)],
}

function late({ reading: { generator }, load }: TrialView): Objection[] {
  if (!generator.late || load.rate === 'max') return []
  const { p99, max, disturbed = 0, inherited = 0 } = generator.late
  if (disturbed > PAUSED) {
    const waited = inherited > 0 ? `, and ${formatShare(inherited)} waited behind a request that was sent late` : ''
    const cause = `The load generator paused for ${formatLatency(max)} or longer in all: ${formatShare(disturbed)} of the requests came out of a pause${waited}.`
    return [invalid(cause, EFFECT, REMEDY)]
  }
  // A few pauses are in the highest quantiles of the lateness alone; `quantile-withheld` says what they make unknown.
  if (disturbed > 0.01) return []
  const limit = Math.max(LATE_LEAST, Math.min(LATE_MOST, generator.connections / load.rate))
  if (p99 <= limit / 2) return []
  const judgement = p99 > limit ? invalid : warning
  const cause = `One in a hundred requests was sent ${formatLatency(p99)} or more after it was due and could have been sent.`
  return [judgement(cause, p99 > limit ? EFFECT : 'Requests came in small bursts rather than evenly.', REMEDY)]
}

/** Falling behind is the generator's fault only where it was late itself, which `late` judges; else its connections were waiting for answers. */
function behind(trial: TrialView): Objection[] {
  const { fallingBehind: share, late: own } = trial.reading.generator
  if (share === undefined || share <= BEHIND) return []
  const cause = `${formatShare(share)} of the pauses between requests fell behind the schedule.`
  if (!own) return [invalid(cause, EFFECT, REMEDY)]
  if (late(trial).length > 0 || (own.disturbed ?? 0) > 0 || (own.inherited ?? 0) > share / 2) return []
  return [
    warning(
      `${cause} The connections were still waiting for answers.`,
      'The response time contains the wait for a free connection.',
      'Give the load more connections if the callers of the real service would have them.',
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

/** Only k6 tells these. A slow script wastes CPU but does not delay the next arrival while virtual users are free. */
function script({ generator }: Reading): Objection[] {
  const { blockedP99 = 0, scriptShare = 0 } = generator
  const objections: Objection[] = []
  if (blockedP99 > BLOCKED) {
    objections.push(
      invalid(
        `One in a hundred requests waited ${formatLatency(blockedP99)} or more for a connection slot.`,
        EFFECT,
        REMEDY,
      ),
    )
  }
  if (scriptShare > SCRIPT) {
    objections.push(
      warning(
        `The script itself took ${formatShare(scriptShare)} of each iteration.`,
        'Latencies do not contain it, but the generator needs more CPU than the load explains.',
        'Use fortio for requests this short, or read the CPU of the generator beside the figures.',
      ),
    )
  }
  return objections
}
