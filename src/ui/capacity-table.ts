import { boundsOfArm, goalWords, rateInterval, shortRate } from '../analyse/capacity/capacity-words.ts'
import type { Analysis, CapacityOfLoad, Cell } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { formatChange, formatChanges, formatDuration, formatRate, formatShare } from '../model/units.ts'
import { connectionWords, count, STANDING_WORDS } from '../model/words.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, levelText, paragraph } from './text-layout.ts'

/** The capacities of one load: a row for each arm. */
export function capacityTable(analysis: Analysis, one: CapacityOfLoad, style: Style): string {
  const { record, cells, metrics } = analysis
  const { scenario } = record.run.plan
  const load = scenario.loads.find(({ name }) => name === one.load)
  const { goal, searches } = one
  const how = [
    load && `${load.tool}, ${load.protocol}`,
    `highest rate with ${goalWords(goal)}`,
    `searched from ${formatRate(goal.min)} to ${formatRate(goal.max)} to within ${formatShare(goal.width)}`,
    load && connectionWords(load),
    load && `${formatDuration(load.duration)} a full trial`,
  ]
  const text = paragraph(style.plain(how.filter(Boolean).join(', ')), {
    first: `${style.plain(one.load)}  `,
    indent: '    ',
    width: style.width,
  })
  const rows = scenario.arms.map(({ name }): Entry[] => {
    const cellOf = (metric: string) =>
      cells.find((cell) => cell.arm === name && cell.load === one.load && cell.metric === metric)
    const bounds = boundsOfArm(one, name)
    const capacity = cellOf('capacity')
    return [
      { text: style.plain(name), paint: style.bold },
      ...SHOWN.capacity.map(([metric]) => {
        const unit = metrics.find((info) => info.name === metric)?.unit
        const center = cellOf(metric)?.estimate?.center
        return { text: style.plain(unit && center !== undefined ? levelText(center, unit) : '–') }
      }),
      { text: style.plain((capacity?.estimate && rateInterval(capacity.estimate)) ?? '–'), paint: style.dim },
      { text: style.plain(bounds ? `${shortRate(bounds.lower)}, ${shortRate(bounds.upper)}` : '–'), paint: style.dim },
      { text: style.plain(ratioText(capacity)) },
      { text: style.plain((capacity?.ratio && formatChanges(capacity.ratio)) ?? ''), paint: style.dim },
      { text: style.plain(capacity ? STANDING_WORDS[capacity.standing] : '–') },
    ]
  })
  const heads = ['', ...SHOWN.capacity.map(([, head]) => head), LEVEL_TEXT, 'bounds', 'ratio', LEVEL_TEXT, '']
  const seconds = searches.reduce((sum, search) => sum + search.seconds, 0)
  const ended = `${count(
    searches.reduce((sum, { trials }) => sum + trials.length, 0),
    'trial',
  )} in ${searches.length} searches, ${formatDuration(Math.round(seconds))} under load.`
  return [
    style.bold(style.plain(one.load)) + style.dim(text.slice(style.plain(one.load).length)),
    grid([heads.map((head) => ({ text: head, paint: style.dim })), ...rows], style.width),
    '',
    style.dim(paragraph(style.plain(`${LEGEND} ${ended}`), { width: style.width })),
  ].join('\n')
}

const LEGEND = `Capacity is the middle of the bounds, its interval is over blocks (${LEVEL_TEXT}), and ratios are to the baseline of the same blocks. Answered and cores are those at the lower bound.`

function ratioText(cell: Cell | undefined): string {
  return cell?.ratio ? formatChange(cell.ratio.center) : ''
}
