import { LEVEL_TEXT } from '../../model/confidence.ts'
import { quantileName } from '../../model/quantiles.ts'
import type { Load } from '../../model/scenario.ts'
import { commandText, count, list, STANDING_WORDS } from '../../model/words.ts'
import type { Chart } from '../chart.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../format.ts'
import { headlines, type View } from './view.ts'

/** One line to quote a figure with, where it stands, and the command that measures it again. */
export interface Citation {
  readonly text: string
  /** Id of its place in the page. */
  readonly place: string
  readonly command: string
}

/** What a figure is worth depends on: versions, machine, blocks. */
function source({ data: { run } }: View, load?: Load): string {
  const facts = [
    `meshbench ${run.meshbench ?? ''}`.trim(),
    `run ${run.id}`,
    run.startedAt.slice(0, 10),
    ...(run.versions ? [run.versions] : []),
    `${run.platform}${run.machine === undefined ? '' : ` on ${run.machine}`}`,
    ...(load ? [`load ${load.name}`] : []),
    ...(run.blocks === undefined ? [] : [count(run.blocks, 'block')]),
  ]
  return facts.join('; ')
}

/** Measures an arm under a load again; all arms and loads where none is given. */
function commandFor({ data: { run }, baseline }: View, load?: Load, arm?: string): string {
  const arms = arm === undefined || arm === baseline.name ? [] : ['--arms', `${baseline.name},${arm}`]
  const words = ['meshbench', 'run', 'scenario.yaml', '--platform', run.platform, ...arms]
  return commandText([...words, ...(load ? ['--loads', load.name] : [])])
}

export function citeChart(view: View, { id, title, sentence }: Chart, load?: Load): Citation {
  const text = `${title}. ${sentence} (${source(view, load)}; intervals ${LEVEL_TEXT})`
  return { text: text.replaceAll('\u{A0}', ' '), place: id, command: commandFor(view, load) }
}

/** The first sentence under a load. */
export function citeAnswer(view: View, load: Load, sentence: string): Citation {
  const place = `answer-${view.loads.indexOf(load)}`
  const text = `${sentence} (${source(view)}; intervals ${LEVEL_TEXT})`
  return { text: text.replaceAll('\u{A0}', ' '), place, command: commandFor(view, load) }
}

export function rowId(view: View, load: Load, arm: string): string {
  return `costs-${view.loads.indexOf(load)}-arm-${view.data.arms.findIndex(({ name }) => name === arm)}`
}

/** A row of the first table. */
export function citeRow(view: View, load: Load, arm: string): Citation {
  const figures = headlines(view, load).flatMap((metric) => {
    const cell = view.cell(arm, load.name, metric.name)
    if (!cell?.estimate) return []
    const name = metric.quantile === undefined ? metric.title : quantileName(metric.quantile)
    const level = `${name} ${formatLevel(metric.unit, cell.estimate.center)}`
    const { ratio, difference, standing } = cell
    if (standing === 'baseline') return [level]
    const signed = (value: number) => formatDifference(metric.unit, value)
    const change = ratio ? formatRatio(ratio.center) : difference && signed(difference.center)
    const interval = ratio ? formatRatioInterval(ratio) : difference && formatInterval(difference, signed)
    const against = [change, interval].filter((part) => part !== undefined)
    return [`${level} (${[...against, STANDING_WORDS[standing]].join(', ')})`]
  })
  const from = arm === view.baseline.name ? '' : ` against ${view.baseline.name}`
  const text = `${arm}${from}: ${list(figures)} (${source(view, load)}; ${LEVEL_TEXT} intervals)`
  return { text: text.replaceAll('\u{A0}', ' '), place: rowId(view, load, arm), command: commandFor(view, load, arm) }
}
