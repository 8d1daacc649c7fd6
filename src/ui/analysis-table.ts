import { featureCostRows } from '../analyse/feature-costs.ts'
import { operationRows } from '../analyse/operations/operation-rows.ts'
import { fewCommonBlocks } from '../compare/standing.ts'
import type { Analysis, Cell, Estimate, FeatureCosts, JudgedTrial, MetricInfo, Problem } from '../model/analysis.ts'
import { LEVEL_TEXT } from '../model/confidence.ts'
import { blockCount } from '../model/plan.ts'
import { baselineOf, isOperated, type Load } from '../model/scenario.ts'
import { SHOWN } from '../model/shown-metrics.ts'
import { formatDuration, formatNumber, formatRate } from '../model/units.ts'
import { connectionWords, partName, validityWords } from '../model/words.ts'
import { capacityTable } from './capacity-table.ts'
import type { Style } from './terminal-style.ts'
import { type Entry, grid, levelText, paragraph } from './text-layout.ts'

/** The result of a run on a terminal. */
export function analysisTable(analysis: Analysis, style: Style, { verbose = false } = {}): string {
  const { loads } = analysis.record.run.plan.scenario
  const operated = loads.filter(isOperated)
  const rated = loads.filter((load) => !load.capacity && !isOperated(load))
  const sections = [
    heading(analysis, style),
    ...(analysis.featureCosts ?? []).map((one) => featureCostTable(one, rated, style)),
    ...analysis.capacities.map((one) => capacityTable(analysis, one, style)),
    ...operated.map((load) => operationTable(analysis, load, style)),
    ...rated.map((load) =>
      [loadHeading(load, style), loadTable(analysis, load, style), scriptTable(analysis, load, style)]
        .filter(Boolean)
        .join('\n'),
    ),
    ...(rated.length > 0 ? [legend(analysis, style)] : []),
    notes(analysis, style, verbose),
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
    style.bold(style.plain(id)) +
      paragraph(facts.join(', '), { first: `${id}  `, width: style.width }).slice(id.length),
    ...(caveat === undefined ? [] : [style.yellow(paragraph(style.plain(caveat), { width: style.width }))]),
  ].join('\n')
}

function loadHeading(load: Load, style: Style): string {
  const { name, tool, protocol, duration } = load
  const how = howOf(load)
  const text = `${tool}, ${protocol}, ${how}, ${connectionWords(load)}, ${formatDuration(duration)} a trial`
  const line = paragraph(style.plain(text), { first: `${style.plain(name)}  `, indent: INDENT, width: style.width })
  return style.bold(style.plain(name)) + style.dim(line.slice(style.plain(name).length))
}

function howOf({ rate, script, shape }: Load): string {
  if (shape !== undefined) return `${script} with its own shape`
  const pace = rate === 'max' ? 'closed loop' : formatRate(rate)
  return script === undefined ? pace : `${script} at ${pace === 'closed loop' ? 'full speed' : `${pace} iterations`}`
}

function legend({ record, cells }: Analysis, style: Style): string {
  const { arms, loads } = record.run.plan.scenario
  const isOpen = loads.some(({ rate }) => rate !== 'max')
  const isClosed = loads.some(({ rate }) => rate === 'max')
  const marked = (standing: Cell['standing']) => cells.some((cell) => cell.ratio && cell.standing === standing)
  const parts = [
    `Geometric means over trials; ratios are to ${baselineOf({ arms }).name}, paired within blocks, with a ${LEVEL_TEXT} interval.`,
    isOpen && 'Latency is response time, from the intended send.',
    isClosed && 'A load without a rate has service time only, from the actual send.',
    marked('no-difference') && `${MARKS['no-difference']} no relevant difference.`,
    marked('within-noise') && `${MARKS['within-noise']} within the noise of equal arms.`,
    marked('undecided') && `${MARKS.undecided} too noisy to say.`,
  ]
  return style.dim(paragraph(style.plain(parts.filter(Boolean).join(' ')), { width: style.width }))
}

/** More notes than these hide the table; the report has all. */
const NOTED = 3

/** The notes of the cells in the table, each once: those of most cells first. */
function notes({ cells, metrics }: Analysis, style: Style, verbose: boolean): string {
  const visible = cells.filter((cell) => COLUMNS.some(({ metric }) => metric === cell.metric))
  const all = visible.flatMap(({ arm, load, metric, notes }) => notes.map((note) => ({ note, arm, load, metric })))
  const groups = [...Map.groupBy(all, ({ note }) => note)].toSorted(([, a], [, b]) => b.length - a.length)
  const shown = verbose ? groups : groups.slice(0, NOTED)
  const rest = groups.length - shown.length
  return [
    ...shown.map(([note, where]) => {
      const names = new Set(where.map(({ metric }) => metrics.find(({ name }) => name === metric)?.title ?? metric))
      const arms = new Set(where.map(({ arm }) => arm))
      const place = `${[...arms].join(', ')}: ${names.size > 3 ? counted(names.size, 'metric') : [...names].join(', ')}`
      return paragraph(style.plain(`${note} (${place})`), { first: '- ', indent: '  ', width: style.width })
    }),
    ...(rest > 0 ? [`- and ${counted(rest, 'more note')}: --verbose`] : []),
  ].join('\n')
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

const COLUMNS = SHOWN.terminal.map(([metric, title]) => ({ metric, title }))

/** Marks that show the standing of a ratio without colour. */
const MARKS: Partial<Readonly<Record<Cell['standing'], string>>> = {
  'no-difference': '≈',
  'within-noise': '≈',
  undecided: '?',
}

const NAME_WIDTH = 24

/** One load: an arm's figures, and below them its ratios to the baseline with their intervals. */
function loadTable({ record, cells, metrics }: Analysis, load: Load, style: Style): string {
  const { scenario } = record.run.plan
  const baseline = baselineOf(scenario).name
  const cellOf = (arm: string, metric: string) =>
    cells.find((cell) => cell.load === load.name && cell.arm === arm && cell.metric === metric)
  const rows = scenario.arms.flatMap(({ name }) => {
    const row = COLUMNS.map(({ metric }) => cellOf(name, metric))
    const values: Entry[] = [
      { text: style.plain(short(name)), paint: style.bold },
      ...row.map((cell, column) => ({
        text: style.plain(valueText(cell, metricOf(metrics, COLUMNS[column]?.metric))),
      })),
    ]
    if (name === baseline || !row.some((cell) => cell?.ratio)) return [values]
    return [
      values,
      [{ text: '  ratio' }, ...row.map((cell) => ratioEntry(cell, style))],
      [{ text: `  ${LEVEL_TEXT}`, paint: style.dim }, ...row.map((cell) => intervalEntry(cell, style))],
    ]
  })
  return grid(
    [[{ text: '' }, ...COLUMNS.map(({ title }) => ({ text: title, paint: style.dim }))], ...rows],
    style.width,
  )
}

/** What the features of a mesh cost: what it has without them, and what each adds. */
function featureCostTable(costs: FeatureCosts, loads: readonly Load[], style: Style): string {
  const heads = costs.metrics.map(({ title }) => ({ text: title, paint: style.dim }))
  const tables = loads.map(({ name }) => {
    const rows = featureCostRows(costs, name).flatMap(({ label, figures }): Entry[][] => [
      [
        { text: style.plain(label), paint: style.bold },
        ...figures.map(({ text, standing }) => ({
          text: style.plain(`${MARKS[standing] ?? ''}${text}`),
          ...(standing !== 'baseline' && paintOf({ standing }, style)),
        })),
      ],
      ...(figures.some(({ interval }) => interval !== undefined)
        ? [
            [
              { text: `  ${LEVEL_TEXT}`, paint: style.dim },
              ...figures.map(({ interval = '' }) => ({ text: style.plain(interval), paint: style.dim })),
            ],
          ]
        : []),
    ])
    return grid([[{ text: style.plain(name), paint: style.dim }, ...heads], ...rows], style.width)
  })
  const words = `Differences from ${costs.without}, paired within blocks, with ${LEVEL_TEXT} intervals; A/A is the noise of equal arms. Proxy cores are what requests add to idle CPU.`
  return [
    style.bold(style.plain(`What features cost on ${costs.without}`)),
    ...tables,
    style.dim(paragraph(style.plain(words), { width: style.width })),
  ].join('\n\n')
}

/** The groups of a load's script: service times of their requests. Empty without a script. */
function scriptTable({ script = [], record }: Analysis, load: Load, style: Style): string {
  const parts = script.filter((part) => part.load === load.name)
  if (parts.length === 0) return ''
  const { arms } = record.run.plan.scenario
  const rows = parts.flatMap((part) =>
    arms.map(({ name }, index): Entry[] => {
      const cell = (metric: string) => part.cells.find((one) => one.arm === name && one.metric === metric)
      const level = (metric: string) => ({ text: levelText(cell(metric)?.estimate?.center ?? Number.NaN, 'seconds') })
      const ratioOf = (metric: string) => (cell(metric)?.ratio ? ratioEntry(cell(metric), style) : { text: '' })
      const { requests = 0, errors = 0, failed = 0 } = part.counts.find(({ arm }) => arm === name) ?? {}
      return [
        { text: style.plain(index === 0 ? short(partName(part)) : '') },
        { text: style.plain(short(name)), paint: style.bold },
        ...[level('p50'), ratioOf('p50'), level('p99'), ratioOf('p99')],
        ...[requests, errors, failed].map((n) => ({ text: formatNumber(n, 9) })),
      ]
    }),
  )
  const heads = ['', '', 'p50', 'ratio', 'p99', 'ratio', 'requests', 'errors', 'checks failed']
  return `\n${grid([heads.map((text) => ({ text, paint: style.dim })), ...rows], style.width)}`
}

function metricOf(metrics: readonly MetricInfo[], name: string | undefined): MetricInfo | undefined {
  return metrics.find((metric) => metric.name === name)
}

function valueText(cell: Cell | undefined, metric: MetricInfo | undefined): string {
  const center = cell?.estimate?.center
  if (center === undefined || metric === undefined) return '–'
  // Where the baseline is 0, there is no ratio to carry the mark.
  return `${cell?.difference && !cell.ratio ? (MARKS[cell.standing] ?? '') : ''}${levelText(center, metric.unit)}`
}

function ratioEntry(cell: Cell | undefined, style: Style): Entry {
  if (!cell?.ratio) return { text: '' }
  // The notes below the table say how many blocks there are.
  if (fewCommonBlocks(cell) !== undefined) return { text: MARKS.undecided ?? '' }
  const mark = MARKS[cell.standing] ?? ''
  return { text: style.plain(`${mark}×${ratio(cell.ratio.center)}`), ...paintOf(cell, style) }
}

function intervalEntry(cell: Cell | undefined, style: Style): Entry {
  return {
    text: style.plain(cell?.ratio && fewCommonBlocks(cell) === undefined ? intervalText(cell.ratio) : ''),
    paint: style.dim,
  }
}

function intervalText({ lo, hi }: Estimate): string {
  if (lo === undefined || hi === undefined) return ''
  const decimals = ratio(lo) === ratio(hi) ? 3 : undefined
  return `${ratio(lo, decimals)}–${ratio(hi, decimals)}`
}

/** Only decided differences are bold. */
function paintOf({ standing }: Pick<Cell, 'standing'>, style: Style): Pick<Entry, 'paint'> {
  if (standing === 'higher' || standing === 'lower') return { paint: style.bold }
  return { paint: style.dim }
}

/** Two decimals tell 1.00 from 1.01; large ratios need none. */
function ratio(value: number, decimals = 2): string {
  return value < 9.995 ? value.toFixed(decimals) : formatNumber(value)
}

function short(name: string): string {
  return name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`
}

/** Problems of one kind: the first of them, and how many there are of trials and of the comparison. */
interface Group {
  readonly problem: Problem
  readonly trials: readonly string[]
  readonly others: number
}

/** More than these hide the result above them; the report has all. */
const LISTED = 3

/**
 * Problems of the result, each kind once: invalid ones first, then those of most trials. Of others than the first three only the
 * titles, unless `verbose`, which adds the names of their rules as well.
 */
export function problemList({ problems, trials }: Analysis, style: Style, { verbose = false } = {}): string {
  const all = [...problems.map((problem) => ({ problem, id: undefined })), ...ofTrials(trials)]
  const groups = [...Map.groupBy(all, ({ problem }) => `${problem.severity} ${problem.rule}`).values()]
  const sorted = groups.flatMap(grouped).toSorted((a, b) => rank(a) - rank(b) || sizeOf(b) - sizeOf(a))
  const told = verbose ? sorted : sorted.slice(0, LISTED)
  const titles = sorted.slice(told.length).map(({ problem }) => `“${problem.message}”`)
  return [
    ...told.map((group) => groupText(group, style, verbose)),
    ...(titles.length === 0
      ? []
      : [paragraph(style.plain(`and in the report: ${titles.join(', ')}`), { indent: INDENT, width: style.width })]),
  ].join('\n')
}

const sizeOf = ({ trials, others }: Group) => Math.max(trials.length, others)
const rank = ({ problem }: Group) => (problem.severity === 'invalid' ? 0 : 1)

function ofTrials(trials: readonly JudgedTrial[]) {
  return trials.flatMap(({ result, problems }) => problems.map((problem) => ({ problem, id: result.trial.id })))
}

function grouped(all: readonly { readonly problem: Problem; readonly id: string | undefined }[]): Group[] {
  const [first] = all
  const trials = [...new Set(all.flatMap(({ id }) => id ?? []))]
  return first ? [{ problem: first.problem, trials, others: all.filter(({ id }) => id === undefined).length }] : []
}

function groupText({ problem, trials, others }: Group, style: Style, verbose: boolean): string {
  const { severity, rule, message, cause, effect, remedy } = problem
  const paint = severity === 'invalid' ? style.red : style.yellow
  const where = trials.length > 0 ? ` (${named(trials)})` : others > 1 ? ` (${others} times)` : ''
  const first = paragraph(style.plain(`${severity}: ${message}${verbose ? ` [${rule}]` : ''}${where}`), {
    indent: INDENT,
    width: style.width,
  })
  const entry = (text: string) => paragraph(style.plain(text), { first: INDENT, indent: INDENT, width: style.width })
  return [
    paint(severity) + first.slice(severity.length),
    entry(`${sizeOf({ problem, trials, others }) > 1 ? 'The first: ' : ''}${sentence(cause)} ${effect}`),
    entry(`→ ${remedy}`),
  ].join('\n')
}

const INDENT = '    '
const NAMED = 2

/** `2 trials: a, b`; of more only the number, since the report names them all. */
function named(trials: readonly string[]): string {
  const count = trials.length === 1 ? '1 trial' : `${trials.length} trials`
  return trials.length > NAMED ? count : `${count}: ${trials.join(', ')}`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** One load with an operation: a row for each arm. */
function operationTable(analysis: Analysis, load: Load, style: Style): string {
  const { name, operation, operationAt = 0, tool, protocol, rate, duration } = load
  const how = `${operation} at second ${operationAt} of ${formatDuration(duration)}, ${tool}, ${protocol}, ${formatRate(rate)}, ${connectionWords(load)}`
  const line = paragraph(style.plain(how), { first: `${style.plain(name)}  `, indent: '    ', width: style.width })
  const rows = operationRows(analysis, load)
  const hasChange = rows.some(({ change }) => change)
  const hasPod = rows.some(({ pod }) => pod !== undefined)
  const heads = [
    '',
    'errors',
    LEVEL_TEXT,
    'late or never sent',
    'until normal',
    LEVEL_TEXT,
    ...(hasChange ? ['until all new'] : []),
    ...(hasPod ? ['pod made meanwhile'] : []),
  ]
  const entries = rows.map((row): Entry[] => [
    { text: style.plain(row.arm), paint: style.bold },
    { text: style.plain(row.errors.text) },
    { text: style.plain(row.errors.interval ?? ''), paint: style.dim },
    { text: style.plain(row.late.text) },
    { text: style.plain(row.absent ?? row.recovery.text) },
    { text: style.plain(row.recovery.interval ?? ''), paint: style.dim },
    ...(hasChange ? [{ text: style.plain(row.change?.text ?? '') }] : []),
    ...(hasPod ? [{ text: style.plain(row.pod ?? '') }] : []),
  ])
  return [
    style.bold(style.plain(name)) + style.dim(line.slice(style.plain(name).length)),
    grid([heads.map((head) => ({ text: head, paint: style.dim })), ...entries], style.width),
  ].join('\n')
}
