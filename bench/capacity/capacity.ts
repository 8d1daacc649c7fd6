import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Estimate } from '../../src/model/analysis.ts'
import { clopperPearson } from '../prove/clopper-pearson.ts'
import type { Counted } from './count.ts'
import { FULL, GRID, truths } from './setting.ts'

/*
 * Whether the true capacity is inside the interval as often as it says, and what a search takes against a grid of the same
 * precision: whole runs on the simulated platform. `--runs 1000`, `--grids 100`, `--threads 2`.
 */

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    grids: { type: 'string', default: '100' },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
})
const [runs, grids, threads] = [Number(values.runs), Number(values.grids), Number(values.threads)]

/** What the share of intervals with the truth has to be in, of at least so many runs. */
const [LEAST, MOST, ENOUGH] = [0.93, 0.97, 1000]

const truth = truths()
const searches: Counted[] = []
const byGrid: Pick<Counted, 'capacity'>[] = []
await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread + 1)))

console.log(
  `true capacity: none ${truth.none.toFixed(1)}/s, mesh ${truth.mesh.toFixed(1)}/s, ratio ${(truth.mesh / truth.none).toFixed(4)}`,
)
const covered = [
  row(
    'search, none',
    searches.map(({ capacity }) => capacity.none),
    truth.none,
  ),
  row(
    'search, mesh',
    searches.map(({ capacity }) => capacity.mesh),
    truth.mesh,
  ),
  row(
    'search, ratio',
    searches.map(({ ratio }) => ratio),
    truth.mesh / truth.none,
  ),
]
row(
  'grid, none',
  byGrid.map(({ capacity }) => capacity.none),
  truth.none,
)
row(
  'grid, mesh',
  byGrid.map(({ capacity }) => capacity.mesh),
  truth.mesh,
)

const each = (of: (counted: Counted) => number) => sum(searches.map(of)) / sum(searches.map((one) => one.searches))
const [seconds, over] = [each((one) => one.seconds), each((one) => one.overSeconds)]
const whole = GRID.length * FULL
const upward = GRID.filter(({ rate }) => rate < truth.none).length * FULL + FULL
console.log(
  `a search: ${seconds.toFixed(1)} s under load, ${over.toFixed(1)} s of it over, ${each(({ trials }) => trials).toFixed(2)} trials; with both bounds: ${(100 * each(({ ended }) => ended)).toFixed(1)} %`,
)
console.log(
  `a grid of the same width: ${GRID.length} trials, ${whole} s (search ${(seconds / whole).toFixed(3)} of it); upward until the baseline breaks: ${upward} s (${(seconds / upward).toFixed(3)})`,
)
const isCovered = runs < ENOUGH || covered.every((share) => share >= LEAST && share <= MOST)
if (!isCovered || seconds > upward / 3) process.exitCode = 1

function row(name: string, estimates: readonly (Estimate | undefined)[], true_: number): number {
  const known = estimates.filter((one) => one?.lo !== undefined && one.hi !== undefined) as Required<Estimate>[]
  const hits = known.filter(({ lo, hi }) => lo <= true_ && true_ <= hi).length
  const logs = known.map(({ center }) => Math.log(center / true_))
  const bias = sum(logs) / logs.length
  const half = sum(known.map(({ lo, hi }) => Math.log(hi / lo) / 2)) / known.length
  const { lo, hi } = clopperPearson(hits, known.length)
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  console.log(
    `${name}: ${hits} of ${known.length} intervals have the truth, ${percent(hits / known.length)} (${percent(lo)} to ${percent(hi)}); mean error ${percent(Math.expm1(bias))}, mean half-width ${percent(Math.expm1(half))}`,
  )
  return hits / known.length
}

async function work(from: number): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: { from, to: runs, step: threads, grids, truth },
  })
  await new Promise<void>((resolve, reject) => {
    worker.on('message', ({ search, grid }: { search: Counted; grid?: Pick<Counted, 'capacity'> }) => {
      searches.push(search)
      if (grid) byGrid.push(grid)
      if (searches.length % 100 === 0) console.error(`${searches.length} of ${runs}`)
    })
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
