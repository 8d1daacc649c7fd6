import type { Analysis, Problem } from '../model/analysis.ts'
import type { CellLimits, Limits, Pairing } from '../model/limits.ts'
import { trialsOf } from '../model/plan.ts'
import { formatChange, formatLatency, formatShare } from '../model/units.ts'
import type { GateCell, Objection } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { IDENTITIES } from './proof/identities.ts'
import { PATHS } from './proof/paths.ts'
import { TIMES } from './proof/times.ts'
import { covers, type Place } from './read-limits.ts'

/** Why a run, or a part of it, cannot be judged, independent of its figures. `today`: a day in UTC; later times are in the future. */
export function objectionsTo(analysis: Analysis, today?: string): Objection[] {
  const rules = [
    unreadable,
    incomplete,
    selected,
    sequential,
    ...TIMES,
    ...IDENTITIES,
    ...PATHS,
    notComparable,
    tooFast,
    doubtful,
  ]
  return rules.flatMap((rule) => rule(analysis, today))
}

export function concerns({ arm, load, metric }: Objection, cell: Place & { readonly reference?: string }): boolean {
  return (
    (arm === undefined || arm === cell.arm || arm === cell.reference) &&
    (load === undefined || load === cell.load) &&
    (metric === undefined || metric === cell.metric)
  )
}

function unreadable({ record }: Analysis): Objection[] {
  return record.unreadable.map(({ file, reason }) => ({
    rule: 'unreadable',
    message: `${file} cannot be read: ${reason}`,
    remedy: 'Restore the file from a copy, or move it away and resume the run to measure that trial again.',
    spoils: false,
  }))
}

/** A run is judged only when it is complete: otherwise someone could choose the moment by the result. */
function incomplete({ record, missing }: Analysis): Objection[] {
  const lacking = new Set(missing)
  const trials = trialsOf(record.run.plan)
  const groups = Map.groupBy(trials, ({ arm, load }) => JSON.stringify([arm, load]))
  return [...groups.values()].flatMap((planned) => {
    const gone = planned.filter(({ id }) => lacking.has(id))
    const [first] = gone
    if (!first) return []
    return [
      {
        rule: 'missing-trials',
        message: `${gone.length} of ${planned.length} planned trials of ${first.arm} under ${first.load} did not run.`,
        remedy: `Finish the run: meshbench run --resume ${record.run.id}`,
        arm: first.arm,
        load: first.load,
        spoils: true,
      },
    ]
  })
}

/** A trial whose file was moved away may be measured again. With more, someone could repeat them until they please. */
const REPEATED = 1

/** The journal knows what was measured: trials that were taken out, put in, or measured again belong to a selection. */
function selected({ record }: Analysis): Objection[] {
  const { journal, results, run } = record
  if (!journal || journal.digests.size === 0) return []
  const planned = new Map(trialsOf(run.plan).map((trial) => [trial.id, trial]))
  const removed = [...journal.digests.keys()].filter((id) => !planned.has(id))
  const added = results.filter(({ trial }) => !journal.digests.has(trial.id))
  const repeated = journal.repeated.flatMap((id) => planned.get(id) ?? [])
  const byCell = Map.groupBy(repeated, ({ arm, load }) => JSON.stringify([arm, load]))
  const remedy = 'Restore the folder of this run from a copy, or start a new run.'
  return [
    ...(removed.length === 0
      ? []
      : [
          {
            rule: 'removed-trials',
            message: `The journal of the run has ${count(removed.length, 'trial')} that the plan does not have, such as ${removed[0]}: what is left may be a selection.`,
            remedy,
            spoils: true,
          },
        ]),
    // A writer that is killed between a file and its line leaves one.
    ...(added.length <= Math.max(1, journal.starts)
      ? []
      : [
          {
            rule: 'no-digests',
            message: `The journal of the run has no digest of ${count(added.length, 'trial')}, such as ${added[0]?.trial.id}, but has those of others.`,
            remedy,
            spoils: true,
          },
        ]),
    ...[...byCell.values()].flatMap((those) => {
      const [first] = those
      if (!first || those.length <= REPEATED) return []
      return [
        {
          rule: 'measured-again',
          message: `${count(those.length, 'trial')} of ${first.arm} under ${first.load} were measured more than once: those that are left may be a selection.`,
          remedy: 'Start a new run.',
          arm: first.arm,
          load: first.load,
          spoils: true,
        },
      ]
    }),
  ]
}

function sequential({ record }: Analysis): Objection[] {
  const { scenario, cohorts } = record.run.plan
  const blocks = cohorts.flatMap((cohort) => cohort.blocks)
  const single = scenario.arms.length > 1 && blocks.length > 0 && blocks.every(({ visits }) => visits.length < 2)
  if (scenario.isolation !== 'sequential' && !single) return []
  return [
    {
      rule: 'sequential',
      message: 'The arms were measured one after the other, so drift cannot be separated from differences.',
      remedy: 'Measure with fewer arms at a time or on a machine with more memory: --isolation frozen.',
      spoils: true,
    },
  ]
}

/** Problems of the analysis that make arms not comparable. `too-few-blocks` counts blocks against the baseline, so the gate has its own check. */
function notComparable({ problems }: Analysis): Objection[] {
  const wrong = ({ severity, rule }: Problem) => severity === 'invalid' && rule !== 'too-few-blocks'
  return problems.filter(wrong).map(({ rule, cause, effect, remedy, arm, load }) => ({
    rule,
    message: `${cause} ${effect}`,
    remedy,
    ...(arm === undefined ? {} : { arm }),
    ...(load === undefined ? {} : { load }),
    spoils: true,
  }))
}

/** Seconds. No request takes less over two sockets, so a lower figure has a wrong unit. */
const FASTEST = 5e-6

function tooFast({ cells }: Analysis): Objection[] {
  return cells.flatMap(({ arm, load, metric, estimate }) => {
    if (metric !== 'p50' || !estimate || estimate.center >= FASTEST) return []
    return [
      {
        rule: 'impossible-latency',
        message: `${arm} under ${load} has a median of ${formatLatency(estimate.center)}, faster than any network connection.`,
        remedy: 'The unit of the latencies is likely wrong: compare with the raw output, and report it.',
        arm,
        load,
        spoils: true,
      },
    ]
  })
}

function doubtful({ record }: Analysis): Objection[] {
  const planned = new Map(trialsOf(record.run.plan).map((trial) => [trial.id, trial]))
  return (record.doubtful ?? []).flatMap(({ trial: id, reason }) => {
    const trial = planned.get(id)
    if (!trial) return []
    return [
      {
        rule: 'impossible-latency',
        message: `The latencies of ${id} contradict each other: ${reason}.`,
        remedy: 'Restore the file from a copy, or start a new run.',
        arm: trial.arm,
        load: trial.load,
        spoils: true,
      },
    ]
  })
}

/**
 * An A/A pair whose whole interval lies beyond the margin: this run finds differences where there are none, so it neither
 * finds nor excludes one of the candidate. A pair that is judged itself is left to its cells.
 */
export function equalArmsDiffer(
  { noise }: Analysis,
  { defaults, metrics }: Limits,
  pairs: readonly Pairing[],
): Objection[] {
  const judged = new Set(pairs.map(({ arm }) => arm))
  return noise.flatMap(({ arm, load, metric, ratio: { center, lo = center, hi = center } }) => {
    const beyond = Math.log(lo) > Math.log1p(defaults.margin) || Math.log(hi) < -Math.log1p(defaults.margin)
    if (judged.has(arm) || !metrics.includes(metric) || !beyond) return []
    return [
      {
        rule: 'equal-arms-differ',
        message: `${metric} of ${arm} under ${load} differs by ${formatChange(center)} from the arm that it repeats, which is more than the margin of ${formatShare(defaults.margin)}.`,
        remedy: 'Find what differs between equal arms, and start a new run.',
        load,
        metric,
        spoils: true,
      },
    ]
  })
}

/** A cell may be this much worse and pass, at most. */
const WIDEST_MARGIN = 0.5
/** A waiver may last this many days at most. */
const LONGEST_WAIVER = 366

/** Limits under which nothing can fail: a gate that is switched off must not look like one that passes. */
export function tooLenient({ defaults, assert, waivers }: Limits, today: string): Objection[] {
  const rules: [string, Partial<CellLimits>][] = [
    ['gate.defaults', defaults],
    ...Object.entries(assert).map(([pattern, rule]): [string, Partial<CellLimits>] => [
      `gate.assert of ${pattern}`,
      { ...defaults, ...(typeof rule === 'string' ? {} : rule[1]) },
    ]),
  ]
  const last = Date.parse(today) + LONGEST_WAIVER * DAY
  return [
    ...rules.flatMap(([where, { margin = 0, minEffect = 0 }]) => {
      const message =
        margin > WIDEST_MARGIN
          ? `${where} has a margin of ${formatShare(margin)}, so almost any cell would pass.`
          : minEffect > margin
            ? `${where} has a minEffect of ${formatShare(minEffect)} above its margin of ${formatShare(margin)}, so a cell outside of its margin would be no regression.`
            : undefined
      const remedy = `Set a margin of at most ${formatShare(WIDEST_MARGIN)}, and a minEffect of at most that margin.`
      return message === undefined ? [] : [{ rule: 'limits-too-wide', message, remedy, spoils: false }]
    }),
    ...rules.flatMap(([where, { spread, night }]) =>
      [spread, night].flatMap((one) => {
        const what = one === night ? 'runSpread' : 'spread'
        if (!one || one.deviation <= WIDEST_MARGIN) return []
        const message = `${where} has a ${what} of ${formatShare(one.deviation)}, so hardly any cell could be decided.`
        const remedy = `Measure how far equal arms lie apart, and set a deviation of at most ${formatShare(WIDEST_MARGIN)}.`
        return [{ rule: 'limits-too-wide', message, remedy, spoils: false }]
      }),
    ),
    ...waivers.flatMap(({ match, until }) => {
      if (until < today || !covers(match, ANYWHERE)) return []
      const message = `The waiver for ${match} covers every cell, so nothing could fail.`
      const remedy = 'Name the arm, the load or the metric that is known to be worse.'
      return [{ rule: 'waives-everything', message, remedy, spoils: false }]
    }),
    ...waivers.flatMap(({ match, until }) => {
      if (Date.parse(until) <= last) return []
      const message = `The waiver for ${match} lasts until ${until}, so nobody would look at it again.`
      return [{ rule: 'waiver-too-long', message, remedy: 'Choose a day within a year.', spoils: false }]
    }),
  ]
}

const DAY = 86_400_000
/** A cell that no run has, so that only a pattern of nothing but `*` covers it. */
const ANYWHERE = { arm: ' ', load: ' ', metric: ' ' }

/** Reports metrics and patterns that match nothing: a misspelt rule would have no effect. */
export function uncovered(limits: Limits, { metrics, record }: Analysis, pairs: readonly Pairing[]): Objection[] {
  const names = metrics.map(({ name }) => name)
  const unknown = limits.metrics.filter((metric) => !names.includes(metric))
  const { loads } = record.run.plan.scenario
  const places = pairs.flatMap(({ arm }) =>
    loads.flatMap(({ name: load }) => names.map((metric) => ({ arm, load, metric }))),
  )
  return [
    ...unknown.map((metric) => ({
      rule: 'unknown-metric',
      message: `gate.metrics names ${metric}, which is not a metric.`,
      remedy: suggest(metric, names),
      spoils: false,
    })),
    ...Object.keys(limits.assert)
      .filter((pattern) => pairs.length > 0 && !places.some((place) => covers(pattern, place)))
      .map((pattern) => coversNothing('assert', pattern)),
  ]
}

/** Objects where nothing was judged: a gate must not pass without a comparison. */
export function nothing(cells: readonly GateCell[], others: readonly Objection[]): Objection[] {
  if (cells.some(({ level }) => level === 'error') || others.some(({ rule }) => rule === 'nothing-compared')) return []
  return [
    {
      rule: 'nothing-compared',
      message: 'Nothing was judged: no cell has the level error.',
      remedy: 'Add a metric to gate.metrics, or remove `off` or `warn` from gate.assert or gate.defaults.',
      spoils: false,
    },
  ]
}

export function coversNothing(section: string, pattern: string): Objection {
  return {
    rule: 'pattern-covers-nothing',
    message: `gate.${section} has a rule for ${pattern}, but the run has no such cell.`,
    remedy: 'Correct or remove it. A pattern is arm/load/metric, with * for any part of a name.',
    spoils: false,
  }
}
