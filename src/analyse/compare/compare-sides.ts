import type { Analysis, Cell } from '../../model/analysis.ts'
import { Failure } from '../../model/failure.ts'
import { holm } from '../../stats/holm.ts'
import { provisioningsOf } from '../provisionings.ts'
import { count, list } from '../wording.ts'
import type { Contrast, Discrepancy, Side, SidesCompared } from './contrast.ts'
import { changedBetween, forbidding, sharedLoads } from './discrepancies.ts'
import { type Measures, pairedContrast } from './paired-contrast.ts'
import { hasControl, unpairedContrast } from './unpaired-contrast.ts'

/** What is compared unless metrics are named. Every further one makes each claim harder, since all share one family. */
export const METRICS: readonly string[] = ['p50', 'p90', 'p99', 'throughput', 'mesh-cpu', 'mesh-memory']

/** Chance of any false claim among all that are compared. */
const FAMILY = 0.05

/**
 * Sides of A against sides of B, one to one. Arms of one run are paired within its blocks. Runs of different times are
 * not: what else changed between them is in every figure, so each is told with that caution.
 */
export function compareSides(
  sides: readonly (readonly [Side, Side])[],
  metrics: readonly string[] = METRICS,
): SidesCompared {
  const [first] = sides
  if (!first) throw new Failure('not-comparable', 'the two runs have no arm in common', { fix: NAME_ARMS })
  const [a, b] = [first[0].analysis, first[1].analysis]
  const isPaired = a.record.run.id === b.record.run.id
  if (!isPaired) refuse(forbidding(a, b))
  const contrasts = sides.flatMap(([one, other]) =>
    sharedLoads(a, b).flatMap((load) => metrics.flatMap((metric) => contrast(one, other, load, metric, isPaired))),
  )
  return {
    method: isPaired ? 'paired' : 'unpaired',
    contrasts: decide(contrasts),
    changed: isPaired ? [] : changedBetween(a, b),
    cautions: [...(isPaired ? pairedCautions(a) : unpairedCautions(a, b)), ...invalidities(isPaired ? [a] : [a, b])],
  }
}

const NAME_ARMS = 'Name an arm of each: meshbench compare RUN:ARM RUN:ARM'

function refuse(found: readonly Discrepancy[]): void {
  if (found.length === 0) return
  throw new Failure('not-comparable', 'these runs cannot be compared: they were not measured alike', {
    cause: found.map(({ what, a, b }) => `${what}: ${a} in A, ${b} in B`).join('; '),
    fix: 'Measure both with the same scenario on the same kind of machine; best as two arms of one run.',
  })
}

function contrast(a: Side, b: Side, load: string, metric: string, isPaired: boolean): Contrast[] {
  const [cellA, cellB] = [cellOf(a, load, metric), cellOf(b, load, metric)]
  if (!cellA || !cellB) return []
  const measures: Measures = isPaired ? pairedContrast(a.analysis, cellA, cellB) : unpairedContrast(a, cellA, b, cellB)
  return [{ load, metric, armA: a.arm, armB: b.arm, ...measures }]
}

function cellOf({ analysis, arm }: Side, load: string, metric: string): Cell | undefined {
  return analysis.cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)
}

/** Higher or lower only where the whole family of comparisons allows the claim. */
function decide(contrasts: readonly Contrast[]): Contrast[] {
  const tested = contrasts.filter(({ p }) => p !== undefined)
  const adjusted = holm(tested.map(({ p }) => p ?? 1))
  return contrasts.map((one) => {
    const place = tested.indexOf(one)
    const p = adjusted[place]
    if (p === undefined) return one
    if (p <= FAMILY || (one.standing !== 'higher' && one.standing !== 'lower')) return { ...one, adjusted: p }
    const note = `It stands out alone, but not among ${count(tested.length, 'comparison')}; more blocks or fewer --metrics would decide.`
    return { ...one, adjusted: p, standing: 'undecided', notes: [...one.notes, note] }
  })
}

function pairedCautions({ record }: Analysis): string[] {
  if (record.run.plan.cohorts.length > 1) return []
  return ['All blocks were measured on one provisioning: the difference may be that of two provisionings.']
}

function unpairedCautions(a: Analysis, b: Analysis): string[] {
  const onlyIn = [only(a, b, 'A'), only(b, a, 'B')].flat()
  return [
    'Two runs at different times: whatever changed between them is part of every difference, and no interval knows it. To claim a difference, measure both as arms of one run.',
    ...(hasControl(a, b)
      ? []
      : ['The runs have no baseline in common that would show whether the machine itself moved.']),
    ...sharedClusters(a, b),
    ...onlyIn,
  ]
}

/** Runs with `--keep` may share clusters: then they are less apart than two provisionings are. */
function sharedClusters(a: Analysis, b: Analysis): string[] {
  const others = provisioningsOf(b.trials)
  const shared = [...provisioningsOf(a.trials)].filter((one) => others.has(one))
  if (shared.length === 0) return []
  return [
    `Both runs were measured on ${shared.length === 1 ? 'one and the same cluster' : `${count(shared.length, 'cluster')} that they share`} (${list(shared)}): they agree better than two provisionings would, so the intervals are too narrow for any other.`,
  ]
}

function only(one: Analysis, other: Analysis, name: string): string[] {
  const { arms, loads } = one.record.run.plan.scenario
  const { arms: otherArms, loads: otherLoads } = other.record.run.plan.scenario
  const missing = [
    ...arms.flatMap((arm) => (otherArms.some(({ name }) => name === arm.name) ? [] : [`arm ${arm.name}`])),
    ...loads.flatMap((load) => (otherLoads.some(({ name }) => name === load.name) ? [] : [`load ${load.name}`])),
  ]
  return missing.length === 0 ? [] : [`Only in ${name}, and left out unless named: ${list(missing)}.`]
}

/** What an analysis itself says cannot be compared. */
function invalidities(analyses: readonly Analysis[]): string[] {
  return analyses.flatMap(({ record, problems }) =>
    problems
      .filter(({ severity }) => severity === 'invalid')
      .map(({ cause, effect }) => `Run ${record.run.id}: ${cause} ${effect}`),
  )
}
