import { byBlock, logRatios, pairsOf } from '../compare/pairs.ts'
import type { Analysis, Problem, RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import { trialsOf } from '../model/plan.ts'
import { baselineOf } from '../model/scenario.ts'
import { formatLatency } from '../model/units.ts'
import type { Objection } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { throughBaseline } from './compared.ts'
import { armsOf, loadSettings } from './pairings.ts'
import { IDENTITIES } from './proof/identities.ts'
import { PATHS } from './proof/paths.ts'
import { TIMES } from './proof/times.ts'
import { placeText } from './read-limits.ts'
import { PINNED_SCHEMA, type Pinned } from './reference.ts'

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

/** What must be the same in a run and in its pinned reference. */
export function pinnedObjections({ run }: RunRecord, pinned: Omit<Pinned, 'cells'>): Objection[] {
  const { scenario } = run.plan
  const baseline = baselineOf(scenario).name
  const facts: [string, string | undefined, string | undefined][] = [
    ['platform', pinned.platform, run.provenance.platform],
    ['profile', pinned.profile, scenario.profile],
    ['baseline', pinned.baseline, baseline],
    ['configuration of the baseline', pinned.arms[pinned.baseline], armsOf(scenario)[baseline]],
  ]
  const then = machineClass(pinned.provenance.machine)
  const now = machineClass(run.provenance.machine)
  for (const [what, seen] of Object.entries(then)) facts.push([what, seen, now[what]])
  const everywhere = facts.flatMap(([what, before, after]) => differs(what, before, after))
  const loads = scenario.loads.flatMap((load) => {
    const before = pinned.loads[load.name]
    return before === undefined ? [] : differs(`load ${load.name}`, before, loadSettings(load), load.name)
  })
  return [...everywhere, ...loads]
}

/** Why a pinned reference is none for this run: it is made of this run, of one run twice, or of one that is yet to come. */
export function doubtsAbout(analysis: Analysis, pinned: Pinned, today: string): Objection[] {
  const { id } = analysis.record.run
  const own = new Map(ratiosOf(analysis))
  // All cells of a run: single ones, such as those of memory, may be equal in many runs.
  const places = Object.keys(pinned.cells).filter((place) => own.has(place))
  const pinnedRuns = pinned.runs.map((_, run) => JSON.stringify(places.map((place) => pinned.cells[place]?.[run])))
  const isOwn = pinned.runs.includes(id) || pinnedRuns.includes(JSON.stringify(places.map((place) => own.get(place))))
  const isDoubled = new Set(pinnedRuns).size < pinnedRuns.length
  const found = [
    ...(isOwn
      ? [['same-run', `The pinned reference was made of this run, ${id}, so nothing is compared.`] as const]
      : []),
    ...(isDoubled ? [['no-reference', 'The pinned reference has the figures of one run twice.'] as const] : []),
    ...(pinned.acceptedAt.slice(0, 10) > today
      ? [['no-reference', `The pinned reference was accepted in the future, at ${pinned.acceptedAt}.`] as const]
      : []),
  ]
  const remedy = 'Accept other runs as the reference: meshbench gate accept RUN… --reason …'
  return places.length === 0 ? [] : found.map(([rule, message]) => ({ rule, message, remedy, spoils: false }))
}

function differs(what: string, before: string | undefined, after: string | undefined, load?: string): Objection[] {
  if (before === after) return []
  return [
    {
      rule: 'not-comparable',
      message: `This run and its reference differ in ${what}: now ${after ?? 'none'}, reference ${before ?? 'none'}.`,
      remedy: 'Measure under the same conditions, or accept a new reference: meshbench gate accept --reason …',
      ...(load === undefined ? {} : { load }),
      spoils: true,
    },
  ]
}

/** Makes runs of one scenario the reference of later runs. A run that cannot be judged cannot be accepted. */
export function accept(analyses: readonly Analysis[], { reason, at }: { reason: string; at: string }): Pinned {
  const [first, ...others] = analyses
  if (!first) throw new Failure('usage', 'no run is named to become the reference')
  for (const analysis of analyses) refuse(analysis.record.run.id, objectionsTo(analysis))
  const ids = analyses.map(({ record }) => record.run.id)
  const twice = ids.find((id, index) => ids.indexOf(id) < index)
  if (twice !== undefined)
    throw new Failure('usage', `${twice} is named twice, in two folders`, { remedy: 'Name each run once.' })
  const pinned = { ...headOf(first), acceptedAt: at, reason, runs: ids }
  for (const { record } of others) refuse(record.run.id, differences(record, pinned))
  return { ...pinned, cells: cellsOf(analyses) }
}

function refuse(run: string, [objection]: readonly Objection[]): void {
  if (!objection) return
  throw new Failure('no-valid-data', `${run} cannot become a reference`, {
    cause: objection.message,
    remedy: objection.remedy,
  })
}

/** Like `pinnedObjections`, and compares the arms as well: runs of one reference must have the same arms. */
function differences(record: RunRecord, pinned: Omit<Pinned, 'cells'>): Objection[] {
  const arms = armsOf(record.run.plan.scenario)
  const changed = [...new Set([...Object.keys(arms), ...Object.keys(pinned.arms)])].filter(
    (arm) => arms[arm] !== pinned.arms[arm],
  )
  return [
    ...pinnedObjections(record, pinned),
    ...changed.map((arm) => ({
      rule: 'not-comparable',
      message: `The configuration of ${arm} differs from that in ${pinned.runs[0]}.`,
      remedy: 'Accept runs of the same arms together.',
      arm,
      spoils: true,
    })),
  ]
}

function headOf({ record: { run } }: Analysis): Omit<Pinned, 'acceptedAt' | 'reason' | 'runs' | 'cells'> {
  const { scenario } = run.plan
  return {
    schema: PINNED_SCHEMA,
    scenario: scenario.name,
    profile: scenario.profile,
    platform: run.provenance.platform,
    baseline: baselineOf(scenario).name,
    loads: Object.fromEntries(scenario.loads.map((load) => [load.name, loadSettings(load)])),
    arms: armsOf(scenario),
    provenance: run.provenance,
  }
}

/** The cells that all of the runs have. */
function cellsOf(analyses: readonly Analysis[]): Pinned['cells'] {
  const found = analyses.map((analysis) => new Map(ratiosOf(analysis)))
  const places = [...(found[0]?.keys() ?? [])].filter((place) => found.every((run) => run.has(place)))
  return Object.fromEntries(places.map((place) => [place, found.map((run) => run.get(place) ?? [])]))
}

function ratiosOf({ record, cells }: Analysis): (readonly [string, number[][]])[] {
  const baseline = baselineOf(record.run.plan.scenario).name
  const known = new Map(cells.map((cell) => [placeText(cell), cell]))
  return cells.flatMap(({ arm, load, metric, values }) => {
    if (arm === baseline) return []
    const ratios = logRatios(
      throughBaseline(pairsOf(byBlock(known.get(placeText({ arm: baseline, load, metric }))?.values ?? []), values)),
    )
    return ratios && ratios.length > 0
      ? [[placeText({ arm, load, metric }), ratios.map((those) => [...those])] as const]
      : []
  })
}
