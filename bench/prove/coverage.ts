import { weigh } from '../../src/analyse/weigh.ts'
import type { Cohorts } from '../../src/stats/nested.ts'
import { random } from '../../src/stats/random.ts'
import { drawn, type Shape } from './noise.ts'

export interface CoverageAbout {
  readonly shape: Shape
  readonly cohorts: number
  /** Of each cohort. */
  readonly blocks: number
  /** Standard deviation of an arm's level between cohorts, in those of one trial. */
  readonly between: number
  /** Whether the run repeats its baseline. */
  readonly hasPair: boolean
  /** By what the arm scatters more than the baseline does, between cohorts and between blocks. */
  readonly restless: number
  /** Whether cohorts are clusters, whose luck belongs to the error. */
  readonly provisioned: boolean
}

export interface Coverage extends CoverageAbout {
  readonly runs: number
  /** Share of the 95 % intervals that hold the truth, which is no difference. */
  readonly covered: number
  /** Median of half their widths, in standard deviations of a trial. */
  readonly half: number
}

/** Arms share the baseline of their run, as they do in every run. */
export function coverageOf(about: CoverageAbout, runs: number): Coverage {
  const draw = random(1, 'coverage', JSON.stringify(about))
  const arm = (restless: number): Cohorts =>
    Array.from({ length: about.cohorts }, () => {
      const level = about.between * restless * draw.normal()
      return Array.from({ length: about.blocks }, () => level + restless * drawn(draw, about.shape))
    })
  let covered = 0
  const halves: number[] = []
  for (let run = 0; run < runs; run++) {
    const base = arm(1)
    const pairs = about.hasPair ? [against(arm(1), base)] : []
    const found = weigh(against(arm(about.restless), base), { pairs, provisioned: about.provisioned })
    const { lo = Number.NaN, hi = Number.NaN } = found?.estimate ?? {}
    if (lo <= 0 && hi >= 0) covered++
    halves.push((hi - lo) / 2)
  }
  halves.sort((a, b) => a - b)
  return { ...about, runs, covered: covered / runs, half: halves[Math.floor(runs / 2)] ?? Number.NaN }
}

function against(arm: Cohorts, base: Cohorts): Cohorts {
  return arm.map((blocks, cohort) => blocks.map((value, block) => value - (base[cohort]?.[block] ?? 0)))
}

/** One cohort, where blocks are the replicates; several, with and without an A/A pair, and of arms that scatter more. */
export function coverageGrid(isShort: boolean): CoverageAbout[] {
  const shapes: Shape[] = ['normal', 't3']
  const plain = { hasPair: false, restless: 1, provisioned: false }
  const single = (isShort ? [5, 20] : [5, 8, 10, 15, 20]).flatMap((blocks) =>
    shapes.map((shape) => ({ ...plain, shape, cohorts: 1, blocks, between: 0 })),
  )
  const several = (isShort ? [2, 4] : [2, 3, 4, 6]).flatMap((cohorts) =>
    (isShort ? [5] : [2, 5, 10]).flatMap((blocks) =>
      [0, 1, 3].flatMap((between) =>
        [
          { hasPair: false, restless: 1 },
          { hasPair: true, restless: 1 },
          { hasPair: true, restless: 2 },
          { hasPair: true, restless: 3 },
        ].flatMap((how) => shapes.map((shape) => ({ ...how, shape, cohorts, blocks, between, provisioned: true }))),
      ),
    ),
  )
  return [...single, ...several]
}
