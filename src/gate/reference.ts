import { byBlock, logRatios, pairsOf, throughBaseline } from '../compare/pairs.ts'
import type { Analysis, RunRecord } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import { machineClass } from '../model/history.ts'
import type { Pairing } from '../model/limits.ts'
import { PINNED_SCHEMA, type Pinned } from '../model/pinned.ts'
import { baselineOf } from '../model/scenario.ts'
import type { Objection } from '../model/verdict.ts'
import { armsOf, loadSettings } from './changes.ts'
import { objectionsTo } from './objections.ts'
import { candidatesOf } from './pairings.ts'
import { placeText } from './read-limits.ts'

/** The candidates of a pinned reference, and why it is none for this run. */
export function againstPinned(
  analysis: Analysis,
  pinned: Pinned,
  today: string,
): { pairs: Pairing[]; objections: Objection[] } {
  const { record } = analysis
  const reference = pinned.runs.join(', ')
  const arms = candidatesOf(record.run.plan.scenario)
  const vanished = Object.keys(pinned.arms)
    .filter((arm) => arm !== pinned.baseline && !record.run.plan.scenario.arms.some(({ name }) => name === arm))
    .map((arm) => ({
      rule: 'candidate-missing',
      message: `The pinned reference has the arm ${arm}, but this run does not.`,
      remedy: 'Measure it, or accept a reference without it.',
      arm,
      spoils: false,
    }))
  return {
    pairs: arms.map((arm) => ({ arm, reference })),
    objections: [...pinnedObjections(record, pinned), ...doubtsAbout(analysis, pinned, today), ...vanished],
  }
}

/** What must be the same in a run and in its pinned reference. */
function pinnedObjections({ run }: RunRecord, pinned: Omit<Pinned, 'cells'>): Objection[] {
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
function doubtsAbout(analysis: Analysis, pinned: Pinned, today: string): Objection[] {
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
