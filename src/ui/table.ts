import { validityWords } from '../analyse/wording.ts'
import type { Analysis, Cell } from '../model/analysis.ts'
import { blockCount } from '../model/plan.ts'
import { baselineOf, type Load } from '../model/scenario.ts'
import { formatDuration, formatRate } from '../model/units.ts'
import { COLUMNS, loadTable, MARKS } from './load-table.ts'
import { paragraph } from './paragraph.ts'
import { problemList } from './problem-list.ts'
import type { Style } from './style.ts'

/** The result of a run on a terminal. */
export function analysisTable(analysis: Analysis, style: Style): string {
  const { loads } = analysis.record.run.plan.scenario
  const sections = [
    heading(analysis, style),
    ...loads.map((load) => `${loadHeading(load, style)}\n${loadTable(analysis, load, style)}`),
    legend(analysis, style),
    notes(analysis, style),
    problemList(analysis, style),
  ]
  return sections.filter(Boolean).join('\n\n')
}

function heading(analysis: Analysis, style: Style): string {
  const { record } = analysis
  const { id, plan, provenance } = record.run
  const blocks = blockCount(plan)
  const facts = [
    `platform ${provenance.platform}`,
    counted(blocks, 'block'),
    counted(plan.cohorts.length, 'cohort'),
    validityWords(analysis),
  ]
  const caveat = provenance.caveat
  return [
    `${style.bold(style.plain(id))}  ${facts.join(', ')}`,
    ...(caveat === undefined ? [] : [style.yellow(paragraph(style.plain(caveat)))]),
  ].join('\n')
}

function loadHeading({ name, tool, protocol, rate, connections, duration }: Load, style: Style): string {
  const how = rate === 'max' ? 'as fast as it answers' : formatRate(rate)
  const text = `${tool}, ${protocol}, ${how}, ${counted(connections, 'connection')}, ${formatDuration(duration)} a trial`
  return `${style.bold(style.plain(name))}  ${style.dim(style.plain(text))}`
}

function legend({ record, cells }: Analysis, style: Style): string {
  const { arms, loads } = record.run.plan.scenario
  const isOpen = loads.some(({ rate }) => rate !== 'max')
  const isClosed = loads.some(({ rate }) => rate === 'max')
  const marked = (standing: Cell['standing']) => cells.some((cell) => cell.ratio && cell.standing === standing)
  const parts = [
    `Geometric means over trials; ratios are to ${baselineOf({ arms }).name}, paired within blocks, with a 95 % interval.`,
    isOpen && 'Latency is response time, from the intended send.',
    isClosed && 'A load without a rate has service time only, from the actual send.',
    marked('no-difference') && `${MARKS['no-difference']} no relevant difference.`,
    marked('within-noise') && `${MARKS['within-noise']} within the noise of equal arms.`,
    marked('undecided') && `${MARKS.undecided} too noisy to say.`,
  ]
  return style.dim(paragraph(style.plain(parts.filter(Boolean).join(' '))))
}

/** A note of the cells that are shown; one that several share is said once. */
function notes({ cells, metrics }: Analysis, style: Style): string {
  const visible = cells.filter((cell) => COLUMNS.some(({ metric }) => metric === cell.metric))
  const shown = visible.flatMap(({ arm, load, metric, notes }) => notes.map((note) => ({ note, arm, load, metric })))
  const groups = Map.groupBy(shown, ({ note }) => note)
  return [...groups]
    .map(([note, where]) => {
      const names = new Set(where.map(({ metric }) => metrics.find(({ name }) => name === metric)?.title ?? metric))
      const arms = new Set(where.map(({ arm }) => arm))
      const place = `${[...arms].join(', ')}: ${names.size > 3 ? counted(names.size, 'metric') : [...names].join(', ')}`
      return paragraph(style.plain(`${note} (${place})`), { first: '- ', indent: '  ' })
    })
    .join('\n')
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
