import { capacityStatements, goalWords } from '../../analyse/capacity/capacity-words.ts'
import { featureCostRows } from '../../analyse/feature-costs.ts'
import { operationRows } from '../../analyse/operations/operation-rows.ts'
import { fewCommonBlocks } from '../../compare/standing.ts'
import type { Analysis, CapacityOfLoad, Cell, MetricInfo } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { blockCount } from '../../model/plan.ts'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { formatDuration } from '../../model/units.ts'
import { commandText, count, STANDING_WORDS, validityWords } from '../../model/words.ts'
import { costAnswer, loadWords } from '../data/answers.ts'
import { clockOf, headlines, type View } from '../data/view.ts'
import {
  formatDifference,
  formatInterval,
  formatLevel,
  formatRatio,
  formatRatioInterval,
  listed,
  plainWords,
} from '../format.ts'
import { answersOf } from '../sections/answer.ts'
import { cheapest } from '../sections/cluster-costs.ts'
import { isNothing } from '../sections/costs.ts'
import { code, fenced, row, text } from './markdown.ts'
import { machineWords, minuteOf, noiseWords, versionWords } from './run-words.ts'

interface SummaryAbout {
  /** Where the page is, from where the summary is. */
  readonly report: string
}

/** What a run says, in Markdown for a pull request or a chat: the answers, a table for each load, how far to trust it. */
export function summaryMarkdown(view: View, analysis: Analysis, about: SummaryAbout): string {
  const { run } = analysis.record
  const { scenario } = run.plan
  const { caveat } = run.provenance
  const lines = [
    `## meshbench: ${text(scenario.name)}`,
    '',
    ...(scenario.description ? [text(scenario.description), ''] : []),
    ...(caveat === undefined ? [] : [`> **Read this first.** ${text(caveat)}`, '']),
    ...analysis.capacities.flatMap((one) => capacityLines(view, analysis, one)),
    ...view.loads.flatMap((load) =>
      load.capacity ? [] : load.operation === undefined ? loadLines(view, load) : operationLines(analysis, load),
    ),
    ...featureLines(view, analysis),
    ...trustLines(view, analysis),
    '',
    'Measure again, or write the report again:',
    '',
    ...fenced([commandText(run.provenance.commandLine), commandText(['meshbench', 'report', run.id])]),
    '',
    `[Full report](${address(about.report)})`,
    '',
  ]
  return lines.join('\n')
}

function capacityLines(view: View, { record, cells }: Analysis, one: CapacityOfLoad): string[] {
  const { scenario } = record.run.plan
  const figure = (arm: string, metric: string) => {
    const cell = cells.find((each) => each.arm === arm && each.load === one.load && each.metric === metric)
    const unit = view.metric(metric)?.unit
    return cell?.estimate && unit ? formatLevel(unit, cell.estimate.center) : '–'
  }
  return [
    `### ${text(one.load)}`,
    '',
    `${text(`The highest rate with ${goalWords(one.goal)}, by search`)}.`,
    '',
    ...capacityStatements(scenario, one, cells).map((sentence) => `- ${text(sentence)}`),
    '',
    row(['arm', ...SHOWN.capacity.map(([, head]) => head)]),
    `|---|${'--:|'.repeat(SHOWN.capacity.length)}`,
    ...view.arms.map(({ name }) => row([name, ...SHOWN.capacity.map(([metric]) => figure(name, metric))])),
    '',
  ]
}

function operationLines(analysis: Analysis, load: Load): string[] {
  return [
    `### ${text(load.name)}`,
    '',
    `${text(`${load.operation} at second ${load.operationAt} of ${formatDuration(load.duration)}`)}.`,
    '',
    row(['arm', 'errors', 'late or never sent', 'until normal']),
    '|---|--:|--:|--:|',
    ...operationRows(analysis, load).map(({ arm, absent, errors, late, recovery }) =>
      row([arm, errors.text, late.text, absent ?? recovery.text]),
    ),
    '',
  ]
}

/** What features cost, for each load. */
function featureLines(view: View, { featureCosts = [] }: Analysis): string[] {
  return featureCosts.flatMap((costs) =>
    view.loads.flatMap((load) => [
      `### ${text(`What features of ${costs.mesh} cost under ${load.name}`)}`,
      '',
      row(['feature', ...costs.metrics.map(({ title }) => title)]),
      `|---|${'--:|'.repeat(costs.metrics.length)}`,
      ...featureCostRows(costs, load.name).map(({ label, figures }) =>
        row([label, ...figures.map((one) => (one.interval === undefined ? one.text : `${one.text}; ${one.interval}`))]),
      ),
      '',
    ]),
  )
}

function loadLines(view: View, load: Load): string[] {
  const metrics = headlines(view, load)
  return [
    `### ${text(load.name)}`,
    '',
    `${text(loadWords(load))}. Latencies by ${clockOf(load)} time.`,
    '',
    ...answers(view, load).map((answer) => `- ${text(answer)}`),
    '',
    row(['arm', ...metrics.map(headOf)]),
    `|---|${'--:|'.repeat(metrics.length)}`,
    ...view.arms.map(({ name }) => row([name, ...metrics.map((metric) => cellText(view, name, load, metric))])),
    '',
  ]
}

/** The answers of the page, then the cheapest arm within the p99 budget. */
function answers(view: View, load: Load): string[] {
  const costs = answersOf(view, load).map((metric) => plainWords(costAnswer(view, load, metric)))
  const { unranked } = view.data
  if (unranked !== undefined) return [...costs, `Not ranked: ${unranked}.`]
  const { arms, level, why } = cheapest(view, load)
  const who = plainWords(listed(arms.map((arm) => [arm])))
  const price = level === undefined ? '' : ` (${level})`
  return [...costs, `Cheapest with p99 under 10 ms: ${who === '' ? 'no arm' : `${who}${price}`}. ${plainWords(why)}`]
}

function headOf({ unit, title, quantile }: MetricInfo): string {
  if (unit === 'cpu-seconds-per-million') return 'CPU of the mesh per million requests'
  if (unit === 'cores') return 'idle CPU of the mesh'
  return quantile === undefined ? title.toLowerCase() : quantileName(quantile)
}

/** "1.24 ms, +52 % (+45 to +60 %)", with the standing where it is not a decided difference. */
function cellText(view: View, arm: string, load: Load, metric: MetricInfo): string {
  const cell = view.cell(arm, load.name, metric.name)
  if (!cell?.estimate) return 'no valid figure'
  const level = formatLevel(metric.unit, cell.estimate.center)
  const few = fewCommonBlocks(cell)
  if (few !== undefined) return `${level}, ${count(few, 'common block')}: too few to compare`
  const change = isNothing(cell) ? '' : changeText(cell, metric)
  return change === ''
    ? level
    : `${level}, ${change}${cell.standing === 'higher' || cell.standing === 'lower' ? '' : `, ${STANDING_WORDS[cell.standing]}`}`
}

function changeText({ ratio, difference, standing }: Cell, { unit }: MetricInfo): string {
  if (standing === 'baseline') return ''
  const signed = (value: number) => formatDifference(unit, value)
  const [change, interval] = ratio
    ? [formatRatio(ratio.center), formatRatioInterval(ratio)]
    : difference
      ? [signed(difference.center), formatInterval(difference, signed)]
      : ['', undefined]
  return interval === undefined ? change : `${change} (${interval})`
}

function trustLines(view: View, analysis: Analysis): string[] {
  const { run } = analysis.record
  const { provenance, plan } = run
  const blocks = blockCount(plan)
  const worst = [...new Set(analysis.problems.map(({ cause, effect }) => `${cause} ${effect}`))].slice(0, 3)
  return [
    `- **Validity**: ${text(validityWords(analysis))}; ${count(blocks, 'block')} in ${count(plan.cohorts.length, 'cohort')}. Levels are geometric means over trials, changes are against ${text(view.baseline.name)} of the same blocks, with ${LEVEL_TEXT} intervals.`,
    ...worst.map((problem) => `- **Limit**: ${text(problem)}`),
    `- **Noise floor**: ${text(noiseWords(view))}`,
    `- **Run**: \`${code(run.id)}\`, ${text(minuteOf(run.startedAt))}, platform ${text(provenance.platform)}, ${text(plan.scenario.profile)} settings, seed ${plan.scenario.seed}`,
    `- **Machine**: ${text(machineWords(provenance.machine))}, ${text(provenance.machine.os)}, kernel ${text(provenance.machine.kernel)}`,
    `- **Versions**: ${text(versionWords(analysis))}`,
  ]
}

/** A relative path as the target of a link. */
function address(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/').replaceAll('(', '%28').replaceAll(')', '%29')
}
