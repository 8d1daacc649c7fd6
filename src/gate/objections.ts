import { byBlock, logRatios, pairsOf } from '../compare/pairs.ts'
import { meshes } from '../meshes/index.ts'
import type { Analysis, Problem, RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import type { Mesh } from '../model/mesh.ts'
import { type Trial, trialsOf } from '../model/plan.ts'
import type { HeldReading, HeldResult } from '../model/result.ts'
import { baselineOf } from '../model/scenario.ts'
import { traitsOf } from '../model/traits.ts'
import { formatLatency } from '../model/units.ts'
import { SCALING } from '../model/usage.ts'
import type { Objection } from '../model/verdict.ts'
import { count } from '../model/words.ts'
import { throughBaseline } from './compared.ts'
import { armsOf, loadSettings } from './pairings.ts'
import { placeText } from './read-limits.ts'
import { PINNED_SCHEMA, type Pinned } from './reference.ts'

/** Why a run, or a part of it, cannot be judged, independent of its figures. `today`: a day in UTC; later times are in the future. */
export function objectionsTo(analysis: Analysis, today?: string): Objection[] {
  return [
    unreadable,
    incomplete,
    overlapping,
    sequential,
    copied,
    outOfOrder,
    machinesDiffer,
    versionsDiffer,
    notComparable,
    tooFast,
    unproved,
    impossibleTimes,
  ].flatMap((rule) => rule(analysis, today))
}

function unreadable({ record }: Analysis): Objection[] {
  return record.unreadable.map(({ file, reason }) => ({
    rule: 'unreadable',
    sentence: `${file} cannot be read: ${reason}`,
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
        sentence: `${gone.length} of ${planned.length} planned trials of ${first.arm} under ${first.load} did not run.`,
        remedy: `Finish the run: meshbench run --resume ${record.run.id}`,
        arm: first.arm,
        load: first.load,
        spoils: true,
      },
    ]
  })
}

function sequential({ record }: Analysis): Objection[] {
  const { scenario, cohorts } = record.run.plan
  const blocks = cohorts.flatMap((cohort) => cohort.blocks)
  const single = scenario.arms.length > 1 && blocks.length > 0 && blocks.every(({ visits }) => visits.length < 2)
  if (scenario.isolation !== 'sequential' && !single) return []
  return [
    {
      rule: 'sequential',
      sentence: 'The arms were measured one after the other, so drift cannot be separated from differences.',
      remedy: 'Measure with fewer arms at a time or on a machine with more memory: --isolation frozen.',
      spoils: true,
    },
  ]
}

/** Groups of trials that one machine measured one after the other, in the order of the schedule. A shard measures some loads of some cohorts. */
function schedules({ record }: Analysis): HeldResult[][] {
  const isMerged = record.run.provenance.mergedFrom !== undefined
  const byMachine = Map.groupBy(record.results, ({ trial }) =>
    isMerged ? `${trial.cohort} ${trial.load}` : trial.cohort,
  )
  return [...byMachine.values()].map((results) => results.toSorted((a, b) => a.trial.order - b.trial.order))
}

/** Trials of a block must run together: a trial that did not run in the order of the schedule cannot be paired. */
function outOfOrder(analysis: Analysis): Objection[] {
  return schedules(analysis).flatMap((results) =>
    results.flatMap((result, index) => {
      const before = results[index - 1]
      if (!before || Date.parse(result.startedAt) >= Date.parse(before.startedAt)) return []
      return [
        spoiled(
          result.trial,
          'out-of-order',
          `Trial ${result.trial.id} started before ${before.trial.id}, which comes first in the schedule.`,
          'Trials of a block must be measured together: start a new run, and do not move its files.',
        ),
      ]
    }),
  )
}

/** How far the clocks of generator and harness may differ, in milliseconds. */
const CLOCKS = 5000

/** A trial cannot end before it starts, start before its run, or end in the future. */
function impossibleTimes({ record }: Analysis, today?: string): Objection[] {
  const { startedAt } = record.run
  const future = today === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${today}T23:59:59.999Z`)
  const isReal = traitsOf(record.run.provenance.platform)?.arms !== 'effects'
  return record.results.flatMap(({ trial, startedAt: from, endedAt: to, outcome }) => {
    const window = isReal && outcome.status === 'measured' ? outcome.reading.startedAt * 1000 : undefined
    const wrong = [
      ...(Date.parse(to) < Date.parse(from) ? ['ended before it started'] : []),
      ...(Date.parse(from) < Date.parse(startedAt) ? ['started before its run'] : []),
      ...(Date.parse(to) > future ? ['ended in the future'] : []),
      ...(window !== undefined && (window < Date.parse(from) - CLOCKS || window > Date.parse(to) + CLOCKS)
        ? ['was measured at another time']
        : []),
    ]
    const [first] = wrong
    if (first === undefined) return []
    return [
      spoiled(
        trial,
        'impossible-times',
        `Trial ${trial.id} ${first} (${from} to ${to}).`,
        'Set the clock of the machine that measures, and start a new run.',
      ),
    ]
  })
}

function overlapping(analysis: Analysis): Objection[] {
  return schedules(analysis).flatMap((results) => {
    const timed = results.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
    return timed.flatMap((result, index) => {
      const before = timed[index - 1]
      if (!before || Date.parse(result.startedAt) >= Date.parse(before.endedAt)) return []
      return [
        spoiled(
          result.trial,
          'overlapping-trials',
          `Trials ${before.trial.id} and ${result.trial.id} were measured at the same time.`,
          'Trials must not overlap: start a new run.',
        ),
      ]
    })
  })
}

/** Histograms are read only of trials whose windows began at the same time. */
function copied({ record }: Analysis): Objection[] {
  const began = Map.groupBy(readings(record.results), ([, { startedAt }]) => startedAt)
  const seen = new Map<string, Trial>()
  return readings(record.results).flatMap(([trial, { startedAt }]) => {
    if ((began.get(startedAt)?.length ?? 0) < 2) return []
    const { outcome } = record.details(trial.id)
    if (outcome.status === 'failed') return []
    const key = `${outcome.reading.startedAt}/${outcome.reading.latency.service}`
    const other = seen.get(key)
    seen.set(key, trial)
    if (!other) return []
    return [
      spoiled(
        trial,
        'copied-trial',
        `Trials ${other.id} and ${trial.id} contain the same measurement.`,
        'A measurement counts once: restore the files of this run, or start a new run.',
      ),
    ]
  })
}

function spoiled({ arm, load }: Trial, rule: string, sentence: string, remedy: string): Objection {
  return { rule, sentence, remedy, arm, load, spoils: true }
}

function machinesDiffer({ record }: Analysis): Objection[] {
  const cores = new Set(readings(record.results).flatMap(([, { observation }]) => observation.host?.cores ?? []))
  if (cores.size < 2) return []
  return [
    {
      rule: 'machines-differ',
      sentence: `The trials were measured on different machines, with ${[...cores].join(' and ')} cores.`,
      remedy: 'Measure all blocks of a run on machines of one class.',
      spoils: true,
    },
  ]
}

/** Evidence that must stay the same during a run. */
const IDENTITY = new Set(['version', 'image', 'layer'])

function versionsDiffer({ record }: Analysis): Objection[] {
  const seen = new Map<string, Set<string>>()
  for (const [{ arm }, { observation }] of readings(record.results)) {
    for (const { name, seen: value } of observation.evidence) {
      if (!IDENTITY.has(name)) continue
      const key = JSON.stringify([arm, name])
      seen.set(key, (seen.get(key) ?? new Set()).add(value))
    }
  }
  return [...seen].flatMap(([key, values]) => {
    if (values.size < 2) return []
    const [arm, name] = JSON.parse(key) as [string, string]
    return [
      {
        rule: 'versions-differ',
        sentence: `The ${name} of ${arm} changed during the run: ${[...values].join('; then ')}.`,
        remedy: 'Pin versions by digest, and start a new run.',
        arm,
        spoils: true,
      },
    ]
  })
}

function readings(results: readonly HeldResult[]): (readonly [Trial, HeldReading])[] {
  return results.flatMap(({ trial, outcome }) =>
    outcome.status === 'measured' ? [[trial, outcome.reading] as const] : [],
  )
}

/** Problems of the analysis that make arms not comparable. `too-few-blocks` counts blocks against the baseline, so the gate has its own check. */
function notComparable({ problems }: Analysis): Objection[] {
  const wrong = ({ severity, rule }: Problem) => severity === 'invalid' && rule !== 'too-few-blocks'
  return problems.filter(wrong).map(({ rule, cause, effect, remedy, arm, load }) => ({
    rule,
    sentence: `${cause} ${effect}`,
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
        sentence: `${arm} under ${load} has a median of ${formatLatency(estimate.center)}, faster than any network connection.`,
        remedy: 'The unit of the latencies is likely wrong: compare with the raw output, and report it.',
        arm,
        load,
        spoils: true,
      },
    ]
  })
}

/**
 * On a real platform a valid trial must show that its traffic took the way of its arm: through the proxies of the mesh, at its
 * layer and under mutual TLS, or past all proxies. Missing evidence is no proof, and an arm that was never in the mesh
 * would be an improvement.
 */
function unproved({ record, trials }: Analysis): Objection[] {
  const { plan, provenance } = record.run
  const traits = traitsOf(provenance.platform)
  if (!traits || traits.arms === 'effects') return []
  return plan.scenario.arms.flatMap((arm) => {
    const mesh = meshes[arm.mesh]
    const own = trials.filter(({ status, result }) => status === 'valid' && result.trial.arm === arm.name)
    const lacks = own.flatMap(({ result }) => {
      const lack = mesh && result.outcome.status === 'measured' && lackOf(result.outcome.reading, mesh)
      return lack ? [{ lack, id: result.trial.id }] : []
    })
    const [first] = lacks
    if (!first) return []
    return [
      {
        rule: 'unproved-path',
        sentence: `${count(lacks.length, 'trial')} of ${arm.name} did not prove the path of its traffic: ${first.lack} (${first.id}).`,
        remedy: 'Restore the files of this run, or measure it again; doctor checks whether the proxies can be read.',
        arm: arm.name,
        spoils: true,
      },
    ]
  })
}

/** What is missing from the proof that the traffic of a trial took the way of its arm; undefined where nothing is. */
function lackOf({ observation }: HeldReading, { layer, mtls }: Mesh): string | undefined {
  const { usage, evidence, carried = {} } = observation
  const proxies = usage.filter(({ role, cpuSeconds }) => SCALING[role]?.carries && cpuSeconds > 0)
  const [proxy] = proxies
  const { requests = 0, connections = 0, bytes = 0 } = carried
  if (layer === 'none') {
    if (proxy) return `${proxy.component} is a proxy, and this arm has none`
    return requests + connections + bytes > 0 ? 'a proxy carried traffic, and this arm has none' : undefined
  }
  if (!proxy) return 'no proxy used CPU'
  if (requests + connections + bytes === 0) return 'no proxy counted traffic'
  if (mtls && !evidence.some(({ name, holds }) => name === 'mtls' && holds)) return 'mutual TLS is not proved'
  const seen = evidence.find(({ name }) => name === 'layer')?.seen
  return seen?.includes(layer) ? undefined : `the layer is ${seen ?? 'unknown'}, not ${layer}`
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

function differs(what: string, before: string | undefined, after: string | undefined, load?: string): Objection[] {
  if (before === after) return []
  return [
    {
      rule: 'not-comparable',
      sentence: `This run and its reference differ in ${what}: now ${after ?? 'none'}, reference ${before ?? 'none'}.`,
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
  const pinned = { ...headOf(first), acceptedAt: at, reason, runs: analyses.map(({ record }) => record.run.id) }
  for (const { record } of others) refuse(record.run.id, differences(record, pinned))
  return { ...pinned, cells: cellsOf(analyses) }
}

function refuse(run: string, [objection]: readonly Objection[]): void {
  if (!objection) return
  throw new Failure('no-valid-data', `${run} cannot become a reference`, {
    cause: objection.sentence,
    fix: objection.remedy,
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
      sentence: `The configuration of ${arm} differs from that in ${pinned.runs[0]}.`,
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
