import { type Known, pooledVarianceFor } from '../../src/compare/estimate.ts'
import { byBlock, equalArms, measure, pairUp } from '../../src/compare/pairs.ts'
import type { Arm } from '../../src/model/scenario.ts'
import { type Random, random } from '../../src/stats/random.ts'
import { drawn, type Shape } from './noise.ts'
import { HOST, simulatedTail } from './tails.ts'

export interface CoverageAbout {
  /** `stalled`: tails of requests on a host that stalls. */
  readonly shape: Shape | 'stalled'
  readonly cohorts: number
  /** Of each cohort. */
  readonly blocks: number
  /** Standard deviation of an arm's level between cohorts, in those of one trial. */
  readonly between: number
  /** `alone`: two meshes, of which one has an A/A arm. `lent`: two versions of a mesh, of which one has. */
  readonly equals: 'alone' | 'lent'
  /** By what the arm scatters more than the other does: between cohorts, and between blocks. */
  readonly restless: { readonly cohorts: number; readonly blocks: number }
  /** Whether cohorts are clusters, whose luck belongs to the error. */
  readonly provisioned: boolean
}

export interface Coverage extends CoverageAbout {
  readonly runs: number
  /** Share of the intervals that hold the truth: no difference, or for `stalled` an arm half as slow again. */
  readonly covered: number
  /** Median of half their widths, in standard deviations of a trial. */
  readonly half: number
}

/** Small, so that logarithm and level scatter alike. */
const TRIAL = 0.01

/** Through the very functions that compare the arms of a run. */
export function coverageOf(about: CoverageAbout, isShort: boolean): Coverage {
  const runs = isShort ? 1000 : about.shape === 'stalled' ? 3000 : 6000
  const draw = random(2, 'coverage', JSON.stringify(about))
  const { equals, restless, provisioned } = about
  const calm = { cohorts: 1, blocks: 1 }
  const own: Arm = { name: 'own', mesh: equals === 'lent' ? 'base' : 'mesh', version: '2' }
  const truth = about.shape === 'stalled' ? Math.log(1.5) : 0
  let covered = 0
  const halves: number[] = []
  for (let run = 0; run < runs; run++) {
    const base = measured({ name: 'base', mesh: 'base', version: '1' }, about, calm, draw)
    const again = measured({ ...base.arm, name: 'again' }, about, calm, draw)
    const arm = measured(own, about, restless, draw, truth)
    const paired = pairUp(byBlock(base.values), arm.values)
    const pooled = pooledVarianceFor(base.arm, arm.arm, [base, again, arm])
    const found = paired && measure(paired, equalArms([], provisioned), { pooled }).ratio?.onLogs.estimate
    const { lo = Number.NaN, hi = Number.NaN } = found ?? {}
    if (lo <= truth && hi >= truth) covered++
    halves.push((hi - lo) / 2 / TRIAL)
  }
  halves.sort((a, b) => a - b)
  return { ...about, runs, covered: covered / runs, half: halves[Math.floor(runs / 2)] ?? Number.NaN }
}

function measured(arm: Arm, about: CoverageAbout, restless: CoverageAbout['restless'], draw: Random, more = 0): Known {
  const values = Array.from({ length: about.cohorts }, (_, cohort) => {
    const level = about.between * restless.cohorts * draw.normal()
    return Array.from({ length: about.blocks }, (_, block) => ({
      cohort,
      block: cohort * about.blocks + block,
      value:
        about.shape === 'stalled'
          ? simulatedTail('typical-p99', HOST, Math.exp(more), draw)
          : Math.exp(TRIAL * (level + restless.blocks * drawn(draw, about.shape))),
    }))
  })
  return { arm, values: values.flat() }
}

/** How the arm differs from the other but in its mean. */
const HOW: readonly Pick<CoverageAbout, 'equals' | 'restless'>[] = [
  { equals: 'lent', restless: { cohorts: 1, blocks: 1 } },
  { equals: 'alone', restless: { cohorts: 1, blocks: 1 } },
  { equals: 'alone', restless: { cohorts: 2, blocks: 1 } },
  { equals: 'alone', restless: { cohorts: 3, blocks: 1 } },
  { equals: 'alone', restless: { cohorts: 2, blocks: 2 } },
  { equals: 'alone', restless: { cohorts: 3, blocks: 3 } },
]

/** One cohort, where blocks are the replicates; several, where cohorts are. */
export function coverageGrid(isShort: boolean): CoverageAbout[] {
  const shapes: Shape[] = ['normal', 't3']
  const plain = { equals: 'alone', restless: { cohorts: 1, blocks: 1 }, provisioned: false } as const
  const single = (isShort ? [5, 20] : [5, 8, 10, 15, 20]).flatMap((blocks) =>
    [...shapes, 'stalled' as const].map((shape) => ({ ...plain, shape, cohorts: 1, blocks, between: 0 })),
  )
  const several = (isShort ? [2, 4] : [2, 3, 4, 6]).flatMap((cohorts) =>
    (isShort ? [5] : [2, 5, 10]).flatMap((blocks) =>
      (isShort ? [0, 3] : [0, 1, 3]).flatMap((between) =>
        HOW.flatMap((how) => shapes.map((shape) => ({ ...how, shape, cohorts, blocks, between, provisioned: true }))),
      ),
    ),
  )
  return [...single, ...several]
}
