import { trialsOf } from '../../model/plan.ts'
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
    const without = valid.filter(({ reading }) => !reading.idle && reading.observation.usage.length > 0)
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
