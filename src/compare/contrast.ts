import type { Analysis, Cell, Estimate, Standing } from '../model/analysis.ts'
import { baselineOf, isSameArm, MIN_EFFECT } from '../model/scenario.ts'
import { formatChange } from '../model/units.ts'
import { STANDING_WORDS } from '../model/words.ts'
import { exponential } from '../stats/intervals.ts'
import { mean } from '../stats/moments.ts'
import { cliffsDelta, hodgesLehmannShift, mannWhitney } from '../stats/rank-tests.ts'
import { differenceAt } from './against-baseline.ts'
import { type Known, type PooledVariance, pooledVarianceFor } from './estimate.ts'
import { byBlock, equalArms, logErrors, measure, pairUp } from './pairs.ts'
import { type Least, noiseBand, type StandingWithNotes, standingOfDifference, standingOfRatio } from './standing.ts'

/** One arm of one run. */
export interface Side {
  readonly analysis: Analysis
  readonly arm: string
}

/** B against A under one load and metric. Ratios and differences are of B to A. */
export interface Contrast {
  readonly load: string
  readonly metric: string
  readonly armA: string
  readonly armB: string
  /** `paired`: both arms of one run, within its blocks. `unpaired`: of two runs, trial against trial. */
  readonly method: 'paired' | 'unpaired'
  readonly a: readonly number[]
  readonly b: readonly number[]
  /** As the report of the run has them: geometric means over trials, arithmetic where a value is 0. */
  readonly levelA?: Estimate
  readonly levelB?: Estimate
  /** Blocks that have both, where paired. */
  readonly pairs?: number
  /** Blocks in which B is higher than A, where paired. */
  readonly higherIn?: number
  /** Paired: mean of the blocks' log-ratios, cohorts counted in. Unpaired: Hodges–Lehmann shift of the logarithms. */
  readonly ratio?: Estimate
  /** In the metric's unit: A's level times (ratio − 1). Without a ratio the mean difference, or the shift. */
  readonly difference?: Estimate
  /** Cliff's delta, −1 to 1, where unpaired. */
  readonly delta?: number
  /** Two-sided. Unpaired: exact Mann–Whitney with ties. */
  readonly p?: number
  /** By Holm over everything that is compared here. */
  readonly adjusted?: number
  readonly standing: Standing
  readonly notes: readonly string[]
}

/** A fact that differs between the sides. */
export interface Discrepancy {
  readonly what: string
  readonly a: string
  readonly b: string
}

/** The result of `compare`. */
export interface SidesCompared {
  readonly method: Contrast['method']
  readonly contrasts: readonly Contrast[]
  /** Other changes from A to B, which do not forbid the comparison. */
  readonly changed: readonly Discrepancy[]
  /** What a reader must know before quoting figures. */
  readonly cautions: readonly string[]
}

/** How a contrast is told. */
export const VERDICTS: Readonly<Record<Standing, string>> = {
  ...STANDING_WORDS,
  higher: 'B higher',
  lower: 'B lower',
}

/** The notes of contrasts, each once, with the metrics it is of. */
export function notesOf(contrasts: readonly Contrast[]): string[] {
  const all = contrasts.flatMap(({ metric, notes }) => notes.map((note) => ({ note, metric })))
  return [...Map.groupBy(all, ({ note }) => note)].map(
    ([note, where]) => `${note} (${[...new Set(where.map(({ metric }) => metric))].join(', ')})`,
  )
}

export type Measures = Omit<Contrast, 'load' | 'metric' | 'armA' | 'armB' | 'adjusted'>

/**
 * Compares two arms of one run, paired within blocks. With several cohorts, the interval includes their scatter. With one,
 * it holds for that provisioning only, as a caution says, and the A/A pairs decide what is within noise.
 */
export function pairedContrast(analysis: Analysis, a: Cell, b: Cell): Measures {
  const paired = pairUp(byBlock(a.values), b.values)
  const found = paired && measure(paired, equalArms([], false), { pooled: pooledIn(analysis, a, b) })
  const ratio = found?.ratio?.estimate
  const difference = ratio && a.estimate ? differenceAt(a.estimate.center, ratio) : found?.difference?.estimate
  const { p } = found?.ratio ?? found?.difference ?? {}
  const floors = analysis.noise.filter(({ load, metric }) => load === a.load && metric === a.metric)
  const least = { band: floors.length === 0 ? undefined : noiseBand(floors), minEffect: minEffectIn(analysis) }
  const { standing, notes } = pairedStanding(ratio, difference, least)
  const differences = paired?.differences.flat() ?? []
  return {
    method: 'paired',
    a: a.values.map(({ value }) => value),
    b: b.values.map(({ value }) => value),
    ...(a.estimate && { levelA: a.estimate }),
    ...(b.estimate && { levelB: b.estimate }),
    pairs: differences.length,
    higherIn: differences.filter((one) => one > 0).length,
    ...(ratio && { ratio }),
    ...(difference && { difference }),
    ...(p !== undefined && { p }),
    standing,
    notes,
  }
}

/** The standing, by the same rule as in reports. */
function pooledIn({ record, cells }: Analysis, a: Cell, b: Cell): PooledVariance {
  const here = cells.filter(({ load, metric }) => load === a.load && metric === a.metric)
  const arms = record.run.plan.scenario.arms.map((arm): Known => {
    return { arm, values: here.find((cell) => cell.arm === arm.name)?.values ?? [] }
  })
  const [one, other] = [a, b].map((cell) => arms.find(({ arm }) => arm.name === cell.arm)?.arm)
  return one && other ? pooledVarianceFor(one, other, arms) : {}
}

function pairedStanding(
  ratio: Estimate | undefined,
  difference: Estimate | undefined,
  least: Least,
): StandingWithNotes {
  if (ratio) return standingOfRatio(ratio, least)
  if (difference) return standingOfDifference(difference)
  return { standing: 'no-data', notes: ['No block has a valid trial of both.'] }
}

function minEffectIn({ record }: Pick<Analysis, 'record'>): number {
  return record.run.plan.scenario.minEffect ?? MIN_EFFECT
}

/** Least number of trials on a side: with 3 and 3, the smallest possible p is 0.1. */
const TRIALS_TO_DECIDE = 4

/** Compares cells of two runs trial against trial, since blocks of different runs cannot be paired. */
export function unpairedContrast(a: Side, cellA: Cell, b: Side, cellB: Cell): Measures {
  const [valuesA, valuesB] = [numbers(cellA), numbers(cellB)]
  const measures = { method: 'unpaired' as const, a: valuesA, b: valuesB }
  if (valuesA.length === 0 || valuesB.length === 0) {
    return { ...measures, standing: 'no-data', notes: ['One side has no valid trial.'] }
  }
  const isExact = [...cellA.values, ...cellB.values].every(({ error = 0 }) => error === 0)
  const shift = shiftOfLogs(valuesA, valuesB)
  const ratio = shift && (isExact ? shift : withErrorsOfLogs(shift, cellA.values, cellB.values))
  const level = cellA.estimate?.center
  const ofValues = hodgesLehmannShift(valuesB, valuesA)
  const difference =
    ratio && level !== undefined
      ? differenceAt(level, ratio)
      : ofValues && withErrors(ofValues, cellA.values, cellB.values)
  const control = controlShift(a, b, cellA)
  const minEffect = Math.max(minEffectIn(a.analysis), minEffectIn(b.analysis))
  const least = { band: bandOf(a, b, cellA, control), minEffect }
  const { standing, notes } = unpairedStanding(ratio, difference, least, [valuesA, valuesB])
  return {
    ...measures,
    ...(cellA.estimate && { levelA: cellA.estimate }),
    ...(cellB.estimate && { levelB: cellB.estimate }),
    ...(ratio && { ratio }),
    ...(difference && { difference }),
    delta: cliffsDelta(valuesB, valuesA),
    // Ranks know of no errors of the values themselves.
    ...(isExact && { p: mannWhitney(valuesB, valuesA).twoSided }),
    standing,
    notes: [...notes, ...controlNote(a, control)],
  }
}

/** A ratio of B to A, with the largest errors of the values on either side: none of its ends is known where one is as large as its value. */
function withErrorsOfLogs(ratio: Estimate, a: Cell['values'], b: Cell['values']): Estimate {
  const moved = (values: Cell['values'], side: 'down' | 'up') =>
    mean(values.map(({ value, error = 0 }) => logErrors(value, error)[side]))
  const [down, up] = [moved(b, 'down') + moved(a, 'up'), moved(b, 'up') + moved(a, 'down')]
  const { center, lo, hi, n } = ratio
  if (lo === undefined || hi === undefined || !Number.isFinite(down + up)) return { center, n }
  return { center, lo: lo * Math.exp(-down), hi: hi * Math.exp(up), n }
}

/** A difference with the mean errors of both sides. */
function withErrors({ center, lo, hi, n }: Estimate, a: Cell['values'], b: Cell['values']): Estimate {
  const error = [a, b].reduce((sum, values) => sum + mean(values.map(({ error = 0 }) => error)), 0)
  return { center, ...(lo !== undefined && { lo: lo - error }), ...(hi !== undefined && { hi: hi + error }), n }
}

function numbers({ values }: Cell): number[] {
  return values.map(({ value }) => value)
}

function shiftOfLogs(a: readonly number[], b: readonly number[]): Estimate | undefined {
  if ([...a, ...b].some((value) => !(value > 0))) return undefined
  const shift = hodgesLehmannShift(b.map(Math.log), a.map(Math.log))
  return shift && exponential(shift)
}

function unpairedStanding(
  ratio: Estimate | undefined,
  difference: Estimate | undefined,
  least: Least,
  [a, b]: readonly [readonly number[], readonly number[]],
): StandingWithNotes {
  if (Math.min(a.length, b.length) < TRIALS_TO_DECIDE) {
    const note = `${a.length} and ${b.length} valid trials; at least ${TRIALS_TO_DECIDE} on each side are needed to decide.`
    return { standing: 'undecided', notes: [note] }
  }
  if (ratio) return standingOfRatio(ratio, least)
  return difference ? standingOfDifference(difference) : { standing: 'no-data', notes: [] }
}

/** The common baseline of both runs, if it is not the compared arm. A change of it shows a change of the machine. */
function controlShift(a: Side, b: Side, { load, metric }: Cell): Estimate | undefined {
  const [baseA, baseB] = [a, b].map(({ analysis }) => baselineOf(analysis.record.run.plan.scenario))
  if (!baseA || !baseB || !isSameArm(baseA, baseB) || a.arm === baseA.name) return undefined
  const valuesOf = ({ analysis }: Side, arm: string) =>
    analysis.cells
      .filter((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)
      .flatMap((cell) => numbers(cell))
  return shiftOfLogs(valuesOf(a, baseA.name), valuesOf(b, baseB.name))
}

/** The noise of equal arms: within each run by its A/A pairs, between runs by the possible change of the baseline. */
function bandOf(a: Side, b: Side, { load, metric }: Cell, control: Estimate | undefined): number | undefined {
  const floors = [a, b].flatMap(({ analysis }) =>
    analysis.noise.filter((floor) => floor.load === load && floor.metric === metric),
  )
  const strays = [...floors, ...(control ? [{ ratio: control }] : [])]
  return strays.length === 0 ? undefined : noiseBand(strays)
}

function controlNote({ analysis }: Side, control: Estimate | undefined): string[] {
  if (!control) return []
  const { lo = 0, hi = Number.POSITIVE_INFINITY } = control
  if (lo <= 1 && hi >= 1) return []
  const { name } = baselineOf(analysis.record.run.plan.scenario)
  return [`${name}, the same in both runs, changed by ${formatChange(control.center)}: the machine changed.`]
}

/** Whether two runs share a baseline that shows changes of the machine. */
export function hasControl({ record: { run: a } }: Analysis, { record: { run: b } }: Analysis): boolean {
  return isSameArm(baselineOf(a.plan.scenario), baselineOf(b.plan.scenario))
}
