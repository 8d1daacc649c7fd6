import { LEVEL_TEXT, ONE_TAIL } from '../../src/model/confidence.ts'
import { formatDuration, formatRate, formatShare } from '../../src/model/units.ts'
import { random } from '../../src/stats/random.ts'
import { row } from '../prove/row.ts'
import type { RecordedRun, Recording } from './recording.ts'
import {
  blocksFor,
  type Found,
  foundByResampling,
  METRICS,
  type Metric,
  type ScatterRow,
  scatterTable,
  type TimesAsMuch,
  timesAsMuch,
  toldBy,
  windowTable,
} from './scatter.ts'

const SMALL = 0.2
const LARGE = 1
const ROUNDS = 5000
/** Before and after, by either clock. */
const PAIRS: readonly (readonly [Metric, Metric])[] = [
  ['p99', 'typical-p99'],
  ['service-p99', 'service-typical-p99'],
]

/** docs/tail.md: every figure in it is reckoned from what was recorded. */
export function pageOf({ runs }: Recording): string {
  return [
    '# Two tails on the same trials',
    '',
    'Made by `npm run tail` from `bench/tail/recorded.json`, which holds what real runs recorded: of each trial its p50 and p99, and of each second of its window the number of answers and their p99. `p99` is that of all requests of the window. `typical-p99` takes the p99 of each second and of these the median, so that a second in which the host stood still moves it little. `service-` is the same by the time from when a request was sent instead of when it was due.',
    '',
    `Standard deviations are of the log-ratio of an arm to the baseline, from block to block. Blocks are what finds an arm that is slower by so much 19 times in 20, and says so of an equal arm once in 40 (\`src/stats/power.ts\`, with the rates that \`plan\` has); below 3 nothing is decided.`,
    '',
    ...summary(runs),
    ...runs.flatMap(partOf),
    '## What it says of a plan',
    '',
    ...runs.map(adviceOn),
    '',
    'Blocks needed grow with the square of the scatter: half of it asks for a quarter of the blocks. `meshbench plan` computes them for its own scenario, by the scatter of earlier runs where there are any. What happens in fewer than half of the seconds is not in `typical-p99`, whoever makes it: it is for telling arms apart on a host that stands still, and `stalls` and `p99` stand beside it for stalls of an arm itself.',
    '',
    'A standard deviation of f degrees of freedom is itself off by some 1/√(2f), a third for 4 and a sixth for 18; blocks needed, which go by its square, by twice as much.',
    '',
  ].join('\n')
}

/** What the limits of the comparison allow to say, and no more. */
function adviceOn(run: RecordedRun): string {
  const times = compared(run, 'p99', 'typical-p99')
  if (!times) return `- ${nameOf(run)}: too few blocks to say which tail scatters less.`
  const between = `p99 scatters ${timesText(times)} as much as typical-p99`
  if (times.lo > 1) return `- ${nameOf(run)}: ${between}. Plan by typical-p99.`
  if (times.hi < 1) return `- ${nameOf(run)}: ${between}. Here p99 finds more with the same blocks.`
  return `- ${nameOf(run)}: ${between}, so that neither is shown to need fewer blocks.`
}

function compared(run: RecordedRun, one: Metric, other: Metric): TimesAsMuch | undefined {
  const stream = random(1, 'tail', 'times', run.run, run.load, one)
  return timesAsMuch(run, [one, other], { rounds: ROUNDS, stream })
}

const timesText = ({ center, lo, hi }: TimesAsMuch) =>
  `${center.toFixed(2)} times (${LEVEL_TEXT} interval ${lo.toFixed(2)} to ${hi.toFixed(2)})`

const nameOf = ({ scenario, platform, load }: RecordedRun) => `${scenario} (${platform}), ${load}`

function summary(runs: readonly RecordedRun[]): string[] {
  return [
    `## Blocks for +${SMALL * 100} %: before, after`,
    '',
    row('run and load', ...PAIRS.flat().map((metric, index) => `${index % 2 === 0 ? 'before' : 'after'}: ${metric}`)),
    row(...Array(5).fill('---')),
    ...runs.map((run) => {
      const { all } = scatterTable(run)
      return row(nameOf(run), ...PAIRS.flat().map((metric) => blocksIn(all, metric, SMALL)))
    }),
    '',
  ]
}

function blocksIn({ scatter }: ScatterRow, metric: Metric, effect: number): string {
  const known = scatter[metric]
  return known ? String(blocksFor(effect, known)) : 'not known'
}

function partOf(run: RecordedRun): string[] {
  const { arms, all } = scatterTable(run)
  const valid = run.trials.filter((trial) => trial.valid)
  const blocks = new Set(run.trials.map(({ block }) => block)).size
  return [
    `## ${nameOf(run)}`,
    '',
    `Run \`${run.run}\`: ${run.tool}, ${run.protocol}, ${formatRate(run.rate)} over ${run.connections} connections for ${formatDuration(run.seconds)}, on ${run.cores} cores (${run.cpu}); ${blocks} blocks of ${run.arms.length} arms, ${valid.length} of ${run.trials.length} trials valid. The baseline is \`${run.baseline}\`.`,
    '',
    row('standard deviation between blocks', ...METRICS.map((metric) => `\`${metric}\``)),
    row(...Array(METRICS.length + 1).fill('---')),
    ...arms.map((arm) => deviationRow(arm, `\`${arm.arm}\` against \`${run.baseline}\``)),
    deviationRow(
      all,
      `all ${arms.length} (root mean square, ${all.scatter.p50?.freedom ?? 'no'} degrees of freedom by p50)`,
    ),
    row(`blocks for +${SMALL * 100} %`, ...METRICS.map((metric) => blocksIn(all, metric, SMALL))),
    row('blocks for ×2', ...METRICS.map((metric) => blocksIn(all, metric, LARGE))),
    row('valid trials that tell it', ...METRICS.map((metric) => `${toldBy(run, metric)} of ${valid.length}`)),
    '',
    ...PAIRS.flatMap((pair) => comparedLine(run, pair)),
    '',
    'p99 is withheld of a trial in which pauses of the load generator could have made it, and typical-p99 only where they could in many seconds. What is withheld is often what scatters most; so the comparison is of the blocks that tell both. Its limits are of the same blocks drawn anew.',
    '',
    ...resampledPart(run, all),
    ...windowPart(run),
  ]
}

function comparedLine(run: RecordedRun, [one, other]: readonly [Metric, Metric]): string[] {
  const times = compared(run, one, other)
  return times ? [`- \`${one}\` scatters ${timesText(times)} as much as \`${other}\`.`] : []
}

function deviationRow({ scatter }: ScatterRow, title: string): string {
  return row(
    title,
    ...METRICS.map((metric) => {
      const known = scatter[metric]
      return known ? formatShare(known.deviation) : 'not known'
    }),
  )
}

function resampledPart(run: RecordedRun, all: ScatterRow): string[] {
  const found = METRICS.flatMap((metric): { metric: Metric; found: Found }[] => {
    const known = all.scatter[metric]
    if (!known) return []
    const blocks = blocksFor(SMALL, known)
    const stream = random(1, 'tail', run.run, run.load, metric)
    const one = foundByResampling(run, metric, { effect: SMALL, blocks, rounds: ROUNDS, stream })
    return one ? [{ metric, found: one }] : []
  })
  return [
    `The same without the formula: ${ROUNDS} runs of as many blocks as for +${SMALL * 100} %, drawn from the recorded ones of an arm with their mean taken out, with and without +${SMALL * 100} %. By the formula it is found in 19 of 20 of them, and in ${formatShare(ONE_TAIL)} where it is not there; arms that scatter unlike each other keep it from that. Of three or four blocks some are often the same one drawn twice, which makes a test too sure of itself.`,
    '',
    row('found as slower', ...found.map(({ metric }) => `\`${metric}\``)),
    row(...Array(found.length + 1).fill('---')),
    row(`of runs with +${SMALL * 100} %`, ...found.map(({ found: { slower } }) => formatShare(slower))),
    row('of runs without', ...found.map(({ found: { equal } }) => formatShare(equal))),
    '',
  ]
}

function windowPart(run: RecordedRun): string[] {
  const windows = windowTable(run)
  if (windows.length === 0) return ['Too few seconds with enough answers to cut the window shorter.', '']
  return [
    'By the first seconds of the same windows, as if they had been that short:',
    '',
    row(
      'window',
      'standard deviation of `typical-p99`',
      `blocks for +${SMALL * 100} %`,
      `load on each arm for +${SMALL * 100} %`,
    ),
    row(...Array(4).fill('---')),
    ...windows.map(({ seconds, scatter }) => {
      const blocks = blocksFor(SMALL, scatter)
      return row(formatDuration(seconds), formatShare(scatter.deviation), blocks, formatDuration(blocks * seconds))
    }),
    '',
  ]
}
