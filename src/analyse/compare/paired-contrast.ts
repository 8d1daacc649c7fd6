import type { Analysis, Cell, Estimate } from '../../model/analysis.ts'
import { MIN_EFFECT } from '../../model/scenario.ts'
import { differenceAt } from '../figures-of-cell.ts'
import { type Known, type Lent, lentTo } from '../lending.ts'
import { noiseBand } from '../noise-floor.ts'
import { type Least, type Stand, standingOfDifference, standingOfRatio } from '../standing.ts'
import { byBlock, equalArms, measure, pairUp } from '../within-blocks.ts'
import type { Contrast } from './contrast.ts'

export type Measures = Omit<Contrast, 'load' | 'metric' | 'armA' | 'armB' | 'adjusted'>

/**
 * Two arms of one run, paired within blocks. With several cohorts their scatter is in the interval; with one the interval
 * holds for that provisioning only, which a caution says, and the A/A pairs decide what is within noise.
 */
export function pairedContrast(analysis: Analysis, a: Cell, b: Cell): Measures {
  const paired = pairUp(byBlock(a.values), b.values)
  const found = paired && measure(paired, equalArms([], false), { lent: lentIn(analysis, a, b) })
  const ratio = found?.ratio?.estimate
  const difference = ratio && a.estimate ? differenceAt(a.estimate.center, ratio) : found?.difference?.estimate
  const { p } = found?.ratio ?? found?.difference ?? {}
  const floors = analysis.noise.filter(({ load, metric }) => load === a.load && metric === a.metric)
  const least = { band: floors.length === 0 ? undefined : noiseBand(floors), minEffect: minEffectIn(analysis) }
  const { standing, notes } = stand(ratio, difference, least)
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

/** By the rule of every comparison of arms of one run. */
function lentIn({ record, cells }: Analysis, a: Cell, b: Cell): Lent {
  const here = cells.filter(({ load, metric }) => load === a.load && metric === a.metric)
  const arms = record.run.plan.scenario.arms.map((arm): Known => {
    return { arm, values: here.find((cell) => cell.arm === arm.name)?.values ?? [] }
  })
  const [one, other] = [a, b].map((cell) => arms.find(({ arm }) => arm.name === cell.arm)?.arm)
  return one && other ? lentTo(one, other, arms) : {}
}

function stand(ratio: Estimate | undefined, difference: Estimate | undefined, least: Least): Stand {
  if (ratio) return standingOfRatio(ratio, least)
  if (difference) return standingOfDifference(difference)
  return { standing: 'no-data', notes: ['No block has a valid trial of both.'] }
}

export function minEffectIn({ record }: Pick<Analysis, 'record'>): number {
  return record.run.plan.scenario.minEffect ?? MIN_EFFECT
}
