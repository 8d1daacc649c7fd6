import { trialsOf } from '../../model/plan.ts'
import { formatDuration } from '../../model/units.ts'
import { count, list } from '../../model/words.ts'
import type { ComparisonRule } from './comparison.ts'

const SHOWN = 3

export const missingTrials: ComparisonRule = {
  name: 'missing-trials',
  title: 'Every planned trial was run',
  problem: 'Trials did not run',
  judge({ record, missing }) {
    if (missing.length === 0) return []
    const planned = trialsOf(record.run.plan).length
    return [
      {
        severity: 'warning',
        cause: `${missing.length} of ${count(planned, 'planned trial')} did not run: ${some(missing)}.`,
        effect: 'Intervals are wider than planned, and the order may not be balanced.',
        remedy: `Finish the run: meshbench run --resume ${record.run.id}`,
      },
    ]
  },
}

export const unreadableTrials: ComparisonRule = {
  name: 'unreadable-trials',
  title: 'Every file could be read',
  problem: 'Files could not be read',
  judge: ({ record }) =>
    record.unreadable.map(({ file, reason }) => ({
      severity: 'warning',
      cause: `${file} cannot be read: ${reason}`,
      effect: 'The figures do not include its trial.',
      remedy: 'Restore the file from a copy, or remove it and resume the run to measure that trial again.',
    })),
}

/** Old runs have no idle windows, and a scenario may leave them out. */
export const noIdleWindow: ComparisonRule = {
  name: 'no-idle-window',
  title: 'Every arm has an idle window',
  problem: 'No idle window',
  judge({ record, valid }) {
    const without = valid.filter(
      ({ reading }) => !reading.idle && !reading.operation && reading.observation.usage.length > 0,
    )
    if (without.length === 0) return []
    const { idle } = record.run.plan.scenario
    return [
      {
        severity: 'warning',
        cause: `No idle window in ${without.length} of ${count(valid.length, 'valid trial')}: ${idle === 0 ? 'the scenario sets idle: 0s' : 'the version of meshbench that made the run did not measure them'}.`,
        effect:
          'CPU used by requests cannot be separated from idle CPU, so the CPU of the mesh is unknown and the cost model has no data.',
        remedy: `Measure again with an idle window: meshbench run ${record.run.plan.scenario.name}${idle === 0 ? ', with idle: 5s in the scenario' : ''}`,
      },
    ]
  },
}

/** An idle window may take longer than planned, by this factor and by so many seconds, since counters are read at both ends. */
const LONGEST = { factor: 1.5, seconds: 5 } as const
/** Least share of it. */
const SHORTEST = 0.9
/** Share of the load's requests that proxies may carry meanwhile, such as probes. */
const CARRIED = 0.01

/** CPU per request is what a load adds to idle CPU, so an idle window that was none makes an arm look cheaper. */
export const idleWindowDiffers: ComparisonRule = {
  name: 'idle-window-differs',
  title: 'Idle windows were as planned, before the load and idle',
  problem: 'Idle windows differ from the plan',
  judge({ record, valid }) {
    const { idle: planned = 0 } = record.run.plan.scenario
    const wrong = valid.flatMap(({ trial, reading }) => {
      if (!reading.idle) return []
      const { seconds, startedAt = Number.NEGATIVE_INFINITY, carried } = reading.idle
      const what =
        seconds < SHORTEST * planned || seconds > LONGEST.factor * planned + LONGEST.seconds
          ? `lasted ${formatDuration(seconds)} instead of ${formatDuration(planned)}`
          : startedAt > reading.startedAt
            ? 'was after the load began'
            : (carried?.requests ?? 0) > CARRIED * reading.requests
              ? `had ${count(carried?.requests ?? 0, 'request')}`
              : undefined
      return what === undefined ? [] : [{ trial, what }]
    })
    return [...Map.groupBy(wrong, ({ trial }) => trial.arm)].flatMap(([arm, those]) => {
      const [first] = those
      if (!first) return []
      return [
        {
          severity: 'invalid' as const,
          cause: `${count(those.length, 'idle window')} of ${arm} ${those.length === 1 ? 'was' : 'were'} not as planned: that of ${first.trial.id} ${first.what}.`,
          effect: 'CPU per request is what the load adds to idle CPU, so it is too low or too high.',
          remedy: 'Measure again, on a machine that nothing else uses.',
          arm,
        },
      ]
    })
  },
}

/** Reports trials that are not valid: what makes them invalid may affect arms unequally. */
export const lostTrials: ComparisonRule = {
  name: 'lost-trials',
  title: 'Every trial is valid',
  problem: 'Trials are not valid',
  judge({ trials }) {
    const groups = Map.groupBy(trials, ({ result }) => JSON.stringify([result.trial.arm, result.trial.load]))
    return [...groups.values()].flatMap((group) => {
      const lost = group.filter(({ status }) => status !== 'valid')
      const [first] = lost
      if (!first) return []
      const { arm, load } = first.result.trial
      const rules = lost.flatMap(({ problems }) =>
        problems.flatMap(({ rule, severity }) => (severity === 'invalid' ? rule : [])),
      )
      return [
        {
          severity: 'warning' as const,
          cause: `Not valid: ${lost.length} of ${count(group.length, 'trial')} of ${arm} under ${load} (${list([...new Set(rules)])}).`,
          effect: 'The remaining trials may be the better ones of this arm.',
          remedy: 'See these trials: each has a remedy.',
          arm,
          load,
        },
      ]
    })
  },
}

function some(names: readonly string[]): string {
  const more = names.length - SHOWN
  return list(more > 0 ? [...names.slice(0, SHOWN), `${more} more`] : names)
}
