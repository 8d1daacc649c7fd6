import type { Analysis, Cell, Estimate } from '../../model/analysis.ts'
import { baselineOf, isSameArm } from '../../model/scenario.ts'
import { formatChange } from '../../model/units.ts'
import { cliffsDelta } from '../../stats/cliffs-delta.ts'
import { hodgesLehmannShift } from '../../stats/hodges-lehmann.ts'
import { exponential } from '../../stats/interval.ts'
import { mannWhitney } from '../../stats/mann-whitney.ts'
import { differenceAt } from '../figures-of-cell.ts'
import { noiseBand } from '../noise-floor.ts'
import { type Least, type Stand, standingOfDifference, standingOfRatio } from '../standing.ts'
import type { Side } from './contrast.ts'
import { type Measures, minEffectIn } from './paired-contrast.ts'

/** Below this many trials on a side, no order of them is rare enough: 3 and 3 have a least p of 0.1. */
const TRIALS_TO_DECIDE = 4

/** Cells of one arm in two runs: trial against trial, since nothing pairs blocks of different days. */
export function unpairedContrast(a: Side, cellA: Cell, b: Side, cellB: Cell): Measures {
  const [valuesA, valuesB] = [numbers(cellA), numbers(cellB)]
  const measures = { method: 'unpaired' as const, a: valuesA, b: valuesB }
  if (valuesA.length === 0 || valuesB.length === 0) {
    return { ...measures, standing: 'no-data', notes: ['One side has no valid trial.'] }
  }
  const ratio = shiftOfLogs(valuesA, valuesB)
  const level = cellA.estimate?.center
  const difference = ratio && level !== undefined ? differenceAt(level, ratio) : hodgesLehmannShift(valuesB, valuesA)
  const control = controlShift(a, b, cellA)
  const minEffect = Math.max(minEffectIn(a.analysis), minEffectIn(b.analysis))
  const least = { band: bandOf(a, b, cellA, control), minEffect }
  const { standing, notes } = stand(ratio, difference, least, [valuesA, valuesB])
  return {
    ...measures,
    ...(cellA.estimate && { levelA: cellA.estimate }),
    ...(cellB.estimate && { levelB: cellB.estimate }),
    ...(ratio && { ratio }),
    ...(difference && { difference }),
    delta: cliffsDelta(valuesB, valuesA),
    p: mannWhitney(valuesB, valuesA).twoSided,
    standing,
    notes: [...notes, ...controlNote(a, control)],
  }
}

function numbers({ values }: Cell): number[] {
  return values.map(({ value }) => value)
}

function shiftOfLogs(a: readonly number[], b: readonly number[]): Estimate | undefined {
  if ([...a, ...b].some((value) => !(value > 0))) return undefined
  const shift = hodgesLehmannShift(b.map(Math.log), a.map(Math.log))
  return shift && exponential(shift)
}

function stand(
  ratio: Estimate | undefined,
  difference: Estimate | undefined,
  least: Least,
  [a, b]: readonly [readonly number[], readonly number[]],
): Stand {
  if (Math.min(a.length, b.length) < TRIALS_TO_DECIDE) {
    const note = `${a.length} and ${b.length} valid trials: at least ${TRIALS_TO_DECIDE} of each are needed to decide.`
    return { standing: 'undecided', notes: [note] }
  }
  if (ratio) return standingOfRatio(ratio, least)
  return difference ? standingOfDifference(difference) : { standing: 'no-data', notes: [] }
}

/** The baseline of both runs, where it is the same arm and not the one compared: what moved it moved the machine. */
function controlShift(a: Side, b: Side, { load, metric }: Cell): Estimate | undefined {
  const [baseA, baseB] = [a, b].map(({ analysis }) => baselineOf(analysis.record.run.plan.scenario))
  if (!baseA || !baseB || !isSameArm(baseA, baseB) || a.arm === baseA.name) return undefined
  const valuesOf = ({ analysis }: Side, arm: string) =>
    analysis.cells
      .filter((cell) => cell.arm === arm && cell.load === load && cell.metric === metric)
      .flatMap((cell) => numbers(cell))
  return shiftOfLogs(valuesOf(a, baseA.name), valuesOf(b, baseB.name))
}

/** How far equal arms stray: within each run by its A/A pairs, from run to run as far as the baseline can have moved. */
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
  return [`${name}, the same in both runs, moved by ${formatChange(control.center)} meanwhile: so did the machine.`]
}

/** Whether two runs share a baseline that would show a machine that moved. */
export function hasControl({ record: { run: a } }: Analysis, { record: { run: b } }: Analysis): boolean {
  return isSameArm(baselineOf(a.plan.scenario), baselineOf(b.plan.scenario))
}
